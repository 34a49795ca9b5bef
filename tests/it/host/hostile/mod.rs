//! What a hostile bot can do, a behaviour at a time: how its event ends, what is seen of what stopped it, and that a
//! neighbour's customer is answered meanwhile. The table is `rows.txt`; the behaviours are the functions of
//! `guests/fixtures/hostile`.

mod long;
mod stage;
