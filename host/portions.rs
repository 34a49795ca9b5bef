//! Deleting much in portions that are short enough not to be noticed.
//!
//! Not here: which rows, and of which tables. That is for their owners to say.

/// Rows that one statement deletes, at most.
pub const PORTION: i64 = 5_000;

/// Deletes portion after portion until nothing is left. Gives how many rows are gone.
///
/// `delete` deletes up to [`PORTION`] rows and says how many they were: fewer are the last ones.
pub async fn delete_all<F>(mut delete: impl FnMut() -> F) -> Result<u64, sqlx::Error>
where
    F: Future<Output = Result<u64, sqlx::Error>>,
{
    let mut gone = 0;
    loop {
        let portion = delete().await?;
        gone += portion;
        if portion < PORTION.unsigned_abs() {
            return Ok(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn portions_are_deleted_until_one_is_not_full() {
        let full = PORTION.unsigned_abs();
        let mut portions = [full, full, 7, full].into_iter();
        let gone = delete_all(|| std::future::ready(Ok(portions.next().unwrap()))).await;
        assert_eq!(gone.unwrap(), 2 * full + 7);
        assert_eq!(portions.len(), 1, "it went on");
    }

    #[tokio::test]
    async fn a_failure_ends_it() {
        let gone = delete_all(|| std::future::ready(Err(sqlx::Error::PoolClosed))).await;
        assert!(matches!(gone, Err(sqlx::Error::PoolClosed)));
    }
}
