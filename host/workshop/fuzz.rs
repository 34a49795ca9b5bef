//! Uploaded components: what they import, and what of a bundle is in them.

use super::Interfaces;
use crate::build::artifact;

/// Reads a component: what is read of it can be written, and is then read as the same.
pub(crate) fn run(component: &[u8]) {
    crate::sandbox::fuzz::run(component);
    if let Some(Err(foreign)) = Interfaces::of(component).map(|found| found.fit()) {
        assert!(!foreign.to_string().is_empty());
    }
    let Ok(stripped) = artifact::strip(component) else {
        return;
    };
    assert_eq!(artifact::strip(&stripped).ok().as_ref(), Some(&stripped));
    let Ok(Some(found)) = artifact::read(component) else {
        return;
    };
    let written = artifact::attach(component, &found).expect("what was read can be written");
    assert_eq!(
        artifact::read(&written).ok().flatten().as_ref(),
        Some(&found)
    );
    assert_eq!(artifact::strip(&written).ok().as_ref(), Some(&stripped));
}
