//! `roost:bot/key-derivation`: HKDF, PBKDF2, scrypt, bcrypt and Argon2.
//!
//! What a call takes is reckoned from its parameters, a little too low rather than too high: what does
//! not fit is refused, and what it took in truth is charged (`sandbox::effort`).

use super::bindings::roost::bot::key_derivation::{
    self, Argon2Kind, Argon2Settings, Error, ScryptCost,
};
use super::calculation::{self, beside, now};
use super::digests::{self, Algorithm};
use crate::sandbox::RunState;
use wasmtime::component::{Accessor, HasSelf};

/// What an input or an output may have at most.
const MOST: usize = 1 << 20;

/// About how long a core of Salsa20/8 takes, of which scrypt is made.
const SALSA_NANOS: u64 = 70;

/// About how long bcrypt takes for each of its iterations.
const BCRYPT_NANOS: u64 = 40_000;

/// About how long Argon2 takes for a block.
const ARGON2_NANOS: u64 = 600;

/// What a block of Argon2 has.
const ARGON2_BLOCK: u64 = 1024;

type Derived = Result<Vec<u8>, Error>;
type Call = calculation::Call<Vec<u8>, Error>;

fn parameters(text: &str) -> Error {
    Error::Parameters(text.to_owned())
}

/// Inputs of a size that is taken, and an output that is given.
fn sized(inputs: &[&[u8]], length: u32) -> Result<usize, Error> {
    if inputs.iter().any(|input| input.len() > MOST) {
        return Err(parameters("an input is longer than 1 MiB"));
    }
    match length as usize {
        0 => Err(parameters("the length is 0")),
        length if length > MOST => Err(parameters("the length is more than 1 MiB")),
        length => Ok(length),
    }
}

fn digest(name: &str) -> Result<&'static Algorithm, Error> {
    digests::find(name).ok_or_else(|| Error::UnknownDigest(digests::names()))
}

/// About how long PBKDF2 takes.
fn pbkdf2_nanos(digest: &Algorithm, password: u64, salt: u64, iterations: u64, length: u64) -> u64 {
    let blocks_of = |bytes: u64| bytes / 64 + 1;
    let parts = length.div_ceil((digest.size)() as u64);
    let part = iterations.saturating_mul(2).saturating_add(blocks_of(salt));
    let blocks = parts
        .saturating_mul(part)
        .saturating_add(blocks_of(password));
    blocks.saturating_mul(digest.block_nanos)
}

fn hkdf(name: &str, key: &[u8], salt: &[u8], info: &[u8], length: u32) -> Derived {
    let length = sized(&[key, salt, info], length)?;
    let digest = digest(name)?;
    // Each part of the output digests the info once more.
    if length > 255 * (digest.size)() || info.len() > MOST / 255 {
        return Err(parameters(
            "the length is more than 255 digests, or the info longer than 4,112 bytes",
        ));
    }
    let mut derived = vec![0; length];
    (digest.hkdf)(key, salt, info, &mut derived)
        .ok_or_else(|| parameters("the length is too much"))?;
    Ok(derived)
}

fn pbkdf2(
    name: &str,
    password: Vec<u8>,
    salt: Vec<u8>,
    iterations: u32,
    length: u32,
) -> Result<Call, Error> {
    let length = sized(&[&password, &salt], length)?;
    let digest = digest(name)?;
    if iterations == 0 {
        return Err(parameters("there are no iterations"));
    }
    let (of_password, of_salt) = (password.len(), salt.len());
    let nanos = pbkdf2_nanos(
        digest,
        of_password as u64,
        of_salt as u64,
        iterations.into(),
        length as u64,
    );
    let derive = digest.pbkdf2;
    let work = move || {
        let mut derived = vec![0; length];
        derive(&password, &salt, iterations, &mut derived);
        Ok(derived)
    };
    Ok(Call::new(nanos, length as u64, of_password + of_salt, work))
}

fn scrypt(password: Vec<u8>, salt: Vec<u8>, cost: ScryptCost, length: u32) -> Result<Call, Error> {
    let length = sized(&[&password, &salt], length)?;
    let ScryptCost { n, r, p } = cost;
    // The RFC's bound, which others hold to.
    let is_too_much = r < 4 && n.trailing_zeros() >= 16 * r;
    if !n.is_power_of_two() || n < 2 || is_too_much {
        return Err(parameters(
            "n is no power of two, less than 2, or too much for r",
        ));
    }
    let (n64, r64, p64) = (u64::from(n), u64::from(r), u64::from(p));
    if r == 0 || p == 0 || r64 * p64 >= 1 << 30 {
        return Err(parameters("r times p is 0, or 2^30 or more"));
    }
    let params = scrypt::Params::new(n.trailing_zeros() as u8, r, p)
        .map_err(|_| parameters("n, r and p are too much"))?;
    let given = password.len() + salt.len();
    let (of_password, of_salt) = (password.len() as u64, salt.len() as u64);
    let block = 128 * r64;
    let digest = digest("sha256")?;
    let mixing = (4 * SALSA_NANOS * p64)
        .saturating_mul(r64)
        .saturating_mul(n64);
    let nanos = mixing
        .saturating_add(pbkdf2_nanos(digest, of_password, of_salt, 1, block * p64))
        .saturating_add(pbkdf2_nanos(
            digest,
            of_password,
            block * p64,
            1,
            length as u64,
        ));
    let bytes = block.saturating_mul(n64 + p64 + 1);
    let work = move || {
        let mut derived = vec![0; length];
        scrypt::scrypt(&password, &salt, &params, &mut derived)
            .map_err(|error| Error::Other(error.to_string()))?;
        Ok(derived)
    };
    Ok(Call::new(nanos, bytes, given, work))
}

fn bcrypt(mut password: Vec<u8>, salt: &[u8], cost: u8) -> Result<Call, Error> {
    sized(&[&password], 1)?;
    let salt: [u8; 16] = salt
        .try_into()
        .map_err(|_| parameters("the salt has not 16 bytes"))?;
    if !(4..=31).contains(&cost) {
        return Err(parameters("the cost is not from 4 to 31"));
    }
    password.push(0);
    password.truncate(72);
    let given = password.len();
    let work = move || {
        let hash = bcrypt::bcrypt(cost.into(), salt, &password);
        // The last byte was left out when bcrypt was new, and has been since.
        Ok(hash[..23].to_vec())
    };
    Ok(Call::new(BCRYPT_NANOS << cost, 8192, given, work))
}

fn argon2(
    password: Vec<u8>,
    salt: Vec<u8>,
    settings: Argon2Settings,
    length: u32,
) -> Result<Call, Error> {
    let secret = settings.secret.unwrap_or_default();
    let data = settings.data.unwrap_or_default();
    let length = sized(&[&password, &salt, &secret, &data], length)?;
    let wrong = |error: argon2::Error| Error::Parameters(error.to_string());
    if salt.len() < argon2::MIN_SALT_LEN {
        return Err(wrong(argon2::Error::SaltTooShort));
    }
    let kind = match settings.kind {
        Argon2Kind::D => argon2::Algorithm::Argon2d,
        Argon2Kind::I => argon2::Algorithm::Argon2i,
        Argon2Kind::Id => argon2::Algorithm::Argon2id,
    };
    let version = argon2::Version::try_from(u32::from(settings.version)).map_err(wrong)?;
    let data = argon2::AssociatedData::new(&data).map_err(wrong)?;
    let params = argon2::ParamsBuilder::new()
        .m_cost(settings.memory)
        .t_cost(settings.passes)
        .p_cost(settings.lanes)
        .data(data)
        .output_len(length)
        .build()
        .map_err(wrong)?;
    let given = password.len() + salt.len() + secret.len();
    let blocks = params.block_count() as u64;
    let nanos = (blocks * ARGON2_NANOS)
        .saturating_mul(settings.passes.into())
        .saturating_add(4 * (given + length) as u64);
    let work = move || {
        let hasher =
            argon2::Argon2::new_with_secret(&secret, kind, version, params).map_err(wrong)?;
        let mut hash = vec![0; length];
        hasher
            .hash_password_into(&password, &salt, &mut hash)
            .map_err(wrong)?;
        Ok(hash)
    };
    Ok(Call::new(nanos, blocks * ARGON2_BLOCK, given, work))
}

impl<T: Send> key_derivation::HostWithStore<T> for HasSelf<RunState> {
    async fn pbkdf2(
        accessor: &Accessor<T, Self>,
        digest: String,
        password: Vec<u8>,
        salt: Vec<u8>,
        iterations: u32,
        length: u32,
    ) -> Derived {
        let call = pbkdf2(&digest, password, salt, iterations, length);
        beside(accessor, call)?.run().await
    }

    async fn scrypt(
        accessor: &Accessor<T, Self>,
        password: Vec<u8>,
        salt: Vec<u8>,
        cost: ScryptCost,
        length: u32,
    ) -> Derived {
        let call = scrypt(password, salt, cost, length);
        beside(accessor, call)?.run().await
    }

    async fn bcrypt(
        accessor: &Accessor<T, Self>,
        password: Vec<u8>,
        salt: Vec<u8>,
        cost: u8,
    ) -> Derived {
        let call = bcrypt(password, &salt, cost);
        beside(accessor, call)?.run().await
    }

    async fn argon2(
        accessor: &Accessor<T, Self>,
        password: Vec<u8>,
        salt: Vec<u8>,
        settings: Argon2Settings,
        length: u32,
    ) -> Derived {
        let call = argon2(password, salt, settings, length);
        beside(accessor, call)?.run().await
    }
}

impl key_derivation::Host for RunState {
    fn hkdf(
        &mut self,
        digest: String,
        key: Vec<u8>,
        salt: Vec<u8>,
        info: Vec<u8>,
        length: u32,
    ) -> Derived {
        hkdf(&digest, &key, &salt, &info, length)
    }

    async fn pbkdf2_now(
        &mut self,
        digest: String,
        password: Vec<u8>,
        salt: Vec<u8>,
        iterations: u32,
        length: u32,
    ) -> Derived {
        let call = pbkdf2(&digest, password, salt, iterations, length);
        now(self, call)?.run().await
    }

    async fn scrypt_now(
        &mut self,
        password: Vec<u8>,
        salt: Vec<u8>,
        cost: ScryptCost,
        length: u32,
    ) -> Derived {
        let call = scrypt(password, salt, cost, length);
        now(self, call)?.run().await
    }

    async fn bcrypt_now(&mut self, password: Vec<u8>, salt: Vec<u8>, cost: u8) -> Derived {
        let call = bcrypt(password, &salt, cost);
        now(self, call)?.run().await
    }

    async fn argon2_now(
        &mut self,
        password: Vec<u8>,
        salt: Vec<u8>,
        settings: Argon2Settings,
        length: u32,
    ) -> Derived {
        let call = argon2(password, salt, settings, length);
        now(self, call)?.run().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Effort;
    use std::time::Duration;

    fn done(call: Result<Call, Error>) -> String {
        hex::encode((call.unwrap().work)(&|_| true).unwrap())
    }

    fn effort(call: Result<Call, Error>) -> Effort {
        call.unwrap().effort
    }

    fn cost(n: u32, r: u32, p: u32) -> ScryptCost {
        ScryptCost { n, r, p }
    }

    fn settings(kind: Argon2Kind) -> Argon2Settings {
        Argon2Settings {
            kind,
            version: 19,
            memory: 32,
            passes: 3,
            lanes: 4,
            secret: Some(vec![3; 8]),
            data: Some(vec![4; 12]),
        }
    }

    #[test]
    fn pbkdf2_and_hkdf_are_those_of_the_standards() {
        let (password, salt) = (b"password".to_vec(), b"salt".to_vec());
        assert_eq!(
            done(pbkdf2("sha1", password, salt, 4096, 20)),
            "4b007901b765489abead49d926f721d065a429c1"
        );
        let password = b"passwordPASSWORDpassword".to_vec();
        let salt = b"saltSALTsaltSALTsaltSALTsaltSALTsalt".to_vec();
        assert_eq!(
            done(pbkdf2("sha1", password, salt, 4096, 25)),
            "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
        );
        let salt: Vec<u8> = (0..13).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        assert_eq!(
            hex::encode(hkdf("sha256", &[0x0b; 22], &salt, &info, 42).unwrap()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        assert!(hkdf("sha256", b"", b"", b"", 255 * 32).is_ok());
        assert!(hkdf("sha256", b"", b"", b"", 255 * 32 + 1).is_err());
        assert!(matches!(
            pbkdf2("sha0", Vec::new(), Vec::new(), 1, 1),
            Err(Error::UnknownDigest(names)) if names.contains(&"sha1".to_owned())
        ));
    }

    #[test]
    fn scrypt_is_that_of_its_standard() {
        assert_eq!(
            done(scrypt(Vec::new(), Vec::new(), cost(16, 1, 1), 64)),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442\
             fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        );
        for (n, r, p) in [
            (0, 8, 1),
            (1, 8, 1),
            (3, 8, 1),
            (16, 0, 1),
            (16, 8, 0),
            (1 << 16, 1, 1),
            (2, 1 << 15, 1 << 15),
        ] {
            let call = scrypt(Vec::new(), Vec::new(), cost(n, r, p), 64);
            assert!(matches!(call, Err(Error::Parameters(_))), "{n} {r} {p}");
        }
    }

    #[test]
    fn bcrypt_is_as_everywhere() {
        let salt = hex::decode("144b3d691a7b4ecf39cf735c7fa7a79c").unwrap();
        assert_eq!(
            done(bcrypt(Vec::new(), &salt, 6)),
            "557e94f34bf286e8719a26be94ac1e16d95ef9f819dee0"
        );
        // The zero at its end is the seventy-second byte, or none is.
        let of = |length| done(bcrypt(vec![b'a'; length], &salt, 4));
        assert_ne!(of(71), of(72));
        assert_eq!(of(72), of(100));
        assert!(bcrypt(Vec::new(), &salt[1..], 6).is_err());
        assert!(bcrypt(Vec::new(), &salt, 3).is_err());
        assert!(bcrypt(Vec::new(), &salt, 32).is_err());
    }

    #[test]
    fn argon2_is_that_of_its_standard() {
        let hash = |settings| argon2(vec![1; 32], vec![2; 16], settings, 32);
        assert_eq!(
            done(hash(settings(Argon2Kind::D))),
            "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"
        );
        assert_eq!(
            done(hash(settings(Argon2Kind::I))),
            "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"
        );
        assert_eq!(
            done(hash(settings(Argon2Kind::Id))),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
        let older = Argon2Settings {
            version: 16,
            memory: 64,
            passes: 2,
            lanes: 1,
            secret: None,
            data: None,
            ..settings(Argon2Kind::Id)
        };
        let (password, salt) = (b"password".to_vec(), b"somesalt".to_vec());
        assert_eq!(
            done(argon2(password, salt, older.clone(), 24)),
            "eecb5c2b7f0390313120e1d7621819f0862ac5aad602fc2e"
        );
        let wrong = [
            Argon2Settings {
                version: 17,
                ..older.clone()
            },
            Argon2Settings {
                lanes: 9,
                ..older.clone()
            },
            Argon2Settings {
                passes: 0,
                ..older.clone()
            },
            Argon2Settings {
                data: Some(vec![0; 33]),
                ..older
            },
        ];
        for settings in wrong {
            assert!(matches!(hash(settings), Err(Error::Parameters(_))));
        }
    }

    #[test]
    fn what_a_call_takes_is_known_before_it_starts() {
        let none = Vec::new;
        let mib = |call| effort(call).bytes >> 20;
        assert_eq!(mib(scrypt(none(), none(), cost(1 << 20, 8, 1), 64)), 1024);
        assert_eq!(mib(scrypt(none(), none(), cost(1 << 14, 8, 1), 64)), 16);
        let usual = Argon2Settings {
            memory: 1 << 16,
            ..settings(Argon2Kind::Id)
        };
        assert_eq!(mib(argon2(none(), vec![0; 16], usual, 32)), 64);

        let seconds = |call| effort(call).time.as_secs();
        assert!(seconds(bcrypt(none(), &[0; 16], 20)) > 30);
        assert!(seconds(pbkdf2("sha512", none(), none(), u32::MAX, 64)) > 60);
        assert!(seconds(pbkdf2("sha1", none(), vec![0; MOST], 1, 1 << 20)) > 30);
        assert!(seconds(scrypt(none(), none(), cost(2, 8, 1 << 26), 64)) > 30);
        assert_eq!(seconds(bcrypt(none(), &[0; 16], 10)), 0);
    }

    #[test]
    fn no_number_is_too_large_to_be_reckoned_with() {
        let none = Vec::new;
        let hours = |call| effort(call).time.as_secs() / 3600;
        assert!(hours(scrypt(none(), none(), cost(1 << 31, 1 << 20, 1), 64)) > 10_000);
        assert!(hours(bcrypt(none(), &[0; 16], 31)) > 10);
        assert!(matches!(
            scrypt(none(), none(), cost(1 << 31, 1 << 29, 1), 64),
            Err(Error::Parameters(_))
        ));
        let most = Argon2Settings {
            memory: u32::MAX,
            passes: u32::MAX,
            ..settings(Argon2Kind::Id)
        };
        let most = effort(argon2(none(), vec![0; 16], most, 32));
        assert!(most.bytes > 1 << 40);
        assert_eq!(most.time, Duration::from_nanos(u64::MAX));
        assert!(matches!(
            pbkdf2("sha1", vec![0; MOST + 1], none(), 1, 1),
            Err(Error::Parameters(_))
        ));
    }
}
