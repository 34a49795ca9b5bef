//! Which types a parameter may name.
//!
//! Text becomes a value of the type that is named by its number, and nothing asks whether the tenant may use it: what
//! the type says of the text would tell of another's columns, labels and checks. So types are Postgres' own, or the
//! tenant's.

use std::collections::BTreeSet;
use std::time::Duration;

use super::client::Client;
use super::error::DbError;
use super::values::Param;

/// Postgres' own types and their arrays, from `pg_type.dat`. Not here: what names objects (`regclass`), rows of
/// catalogs, and what SQL has no values of.
const BUILT_IN: [u32; 84] = [
    // bool bytea char name int8 int2 int4 text oid tid xid
    16, 1000, 17, 1001, 18, 1002, 19, 1003, 20, 1016, 21, 1005, 23, 1007, 25, 1009, 26, 1028, 27,
    1010, 28, 1011, // json jsonb jsonpath, what is not known yet
    114, 199, 3802, 3807, 4072, 4073, 705, // point lseg path box polygon line circle
    600, 1017, 601, 1018, 602, 1019, 603, 1020, 604, 1027, 628, 629, 718, 719,
    // float4 float8 numeric money
    700, 1021, 701, 1022, 1700, 1231, 790, 791, // inet cidr macaddr macaddr8
    869, 1041, 650, 651, 829, 1040, 774, 775, // bpchar varchar bit varbit uuid
    1042, 1014, 1043, 1015, 1560, 1561, 1562, 1563, 2950, 2951,
    // date time timetz timestamp timestamptz interval
    1082, 1182, 1083, 1183, 1266, 1270, 1114, 1115, 1184, 1185, 1186, 1187,
    // tsvector, tsquery
    3614, 3643, 3615,
];

/// Ranges, multiranges and their arrays.
const RANGES: [u32; 24] = [
    3904, 3905, 3906, 3907, 3908, 3909, 3910, 3911, 3912, 3913, 3926, 3927, 4451, 4532, 4533, 4534,
    4535, 4536, 6150, 6151, 6152, 6153, 6155, 6157,
];

/// The tenant's own that one statement may name.
const MOST: usize = 100;

/// Fails when a parameter names a type of anybody else's. `client` is a session of the tenant.
pub(super) async fn check(
    client: &mut Client,
    params: &[Param],
    deadline: Duration,
) -> Result<(), DbError> {
    let named: BTreeSet<u32> = params
        .iter()
        .filter_map(|param| match param {
            Param::Typed { oid, .. } if !is_built_in(*oid) => Some(*oid),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    if named.len() > MOST {
        return Err(DbError::Denied(format!(
            "the parameters name more than {MOST} types of the project's own: send several statements"
        )));
    }
    let numbers: Vec<String> = named.iter().map(u32::to_string).collect();
    let sql = format!(
        "select t.oid from catalog.pg_type t
         where t.oid in ({}) and t.typnamespace = to_regnamespace(session_user::text)::oid",
        numbers.join(", ")
    );
    let rows = client.control(&sql, deadline).await?;
    let own: BTreeSet<u32> = rows
        .rows
        .iter()
        .filter_map(|row| {
            std::str::from_utf8(row.first()?.as_ref()?)
                .ok()?
                .parse()
                .ok()
        })
        .collect();
    match named.difference(&own).next() {
        None => Ok(()),
        Some(number) => Err(DbError::Denied(format!(
            "a parameter names the type {number}, which is no plain type of Postgres' and none of the project's: name \
             another, or 0 for the one that the statement asks for"
        ))),
    }
}

/// 0 leaves the type to the statement.
fn is_built_in(oid: u32) -> bool {
    oid == 0 || BUILT_IN.contains(&oid) || RANGES.contains(&oid)
}
