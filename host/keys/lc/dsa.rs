//! DSA.

use super::number::{self, Deadline, Number, OutOfTime};
use super::{Refused, good, owned};
use aws_lc_sys as lc;

owned!(
    /// The key itself.
    Raw,
    DSA,
    DSA_free
);

/// A key, public or private.
pub(crate) struct Dsa(Raw);

impl Dsa {
    /// A key of prime, order, generator, public number and, when it is private, private number.
    pub(crate) fn new(
        group: [&[u8]; 3],
        public: &[u8],
        private: Option<&[u8]>,
    ) -> Result<Self, Refused> {
        // SAFETY: it has no arguments.
        let dsa = Raw::own(unsafe { lc::DSA_new() })?;
        let [p, q, g] = group.map(Number::new);
        let (p, q, g) = (p?, q?, g?);
        // As OpenSSL bounds them, and what is done with keys by them.
        if p.bits() > 10_000 || ![160, 224, 256].contains(&q.bits()) || g.compare(&p).is_ge() {
            return Err(Refused);
        }
        let public = Number::new(public)?;
        let private = private.map(Number::new).transpose()?;
        if public.compare(&p).is_ge()
            || private
                .as_ref()
                .is_some_and(|private| private.compare(&q).is_ge())
        {
            return Err(Refused);
        }
        // SAFETY: numbers are given away to a key that has none, which cannot fail when they are there.
        unsafe {
            good(lc::DSA_set0_pqg(
                dsa.raw(),
                p.into_raw(),
                q.into_raw(),
                g.into_raw(),
            ))?;
            let private = private.map_or(std::ptr::null_mut(), Number::into_raw);
            good(lc::DSA_set0_key(dsa.raw(), public.into_raw(), private))?;
        }
        Ok(Self(dsa))
    }

    /// Makes a group and a key. How long that takes goes by luck.
    pub(crate) fn generate(
        bits: u32,
        deadline: &Deadline<'_>,
    ) -> Result<Result<Self, OutOfTime>, Refused> {
        // SAFETY: it has no arguments.
        let dsa = Raw::own(unsafe { lc::DSA_new() })?;
        // SAFETY: the key lives on, no seed is read, and nothing is written about how it went.
        let made = deadline.watch(|callback| unsafe {
            good(lc::DSA_generate_parameters_ex(
                dsa.raw(),
                bits,
                std::ptr::null(),
                0,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                callback,
            ))
        });
        match (made, deadline.check()) {
            (Ok(()), _) => {}
            (Err(_), Err(late)) => return Ok(Err(late)),
            (Err(refused), Ok(())) => return Err(refused),
        }
        // SAFETY: it has a group.
        good(unsafe { lc::DSA_generate_key(dsa.raw()) })?;
        Ok(Ok(Self(dsa)))
    }

    /// Prime, order and generator.
    pub(crate) fn group(&self) -> [Vec<u8>; 3] {
        let dsa = self.0.raw();
        // SAFETY: the numbers are the key's, and are copied.
        unsafe {
            [
                lc::DSA_get0_p(dsa),
                lc::DSA_get0_q(dsa),
                lc::DSA_get0_g(dsa),
            ]
            .map(|number| number::bytes(number))
        }
    }

    pub(crate) fn public(&self) -> Vec<u8> {
        // SAFETY: the number is the key's, and is copied.
        unsafe { number::bytes(lc::DSA_get0_pub_key(self.0.raw())) }
    }

    pub(crate) fn private(&self) -> Option<Vec<u8>> {
        // SAFETY: the number is the key's, and is copied.
        let private = unsafe { number::bytes(lc::DSA_get0_priv_key(self.0.raw())) };
        (!private.is_empty()).then_some(private)
    }

    /// The signature of a digest, in DER.
    pub(crate) fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, Refused> {
        // SAFETY: there is room for as much as is written at most.
        unsafe {
            let room = usize::try_from(lc::DSA_size(self.0.raw())).map_err(|_| Refused)?;
            let mut signature = vec![0; room];
            let mut length = 0;
            good(lc::DSA_sign(
                0,
                digest.as_ptr(),
                digest.len(),
                signature.as_mut_ptr(),
                &mut length,
                self.0.raw(),
            ))?;
            signature.truncate(length as usize);
            Ok(signature)
        }
    }

    pub(crate) fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        // SAFETY: pointers and lengths are those of slices.
        good(unsafe {
            lc::DSA_verify(
                0,
                digest.as_ptr(),
                digest.len(),
                signature.as_ptr(),
                signature.len(),
                self.0.raw(),
            )
        })
        .is_ok()
    }
}
