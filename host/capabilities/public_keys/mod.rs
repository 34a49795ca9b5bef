//! `roost:bot/public-keys`: RSA, EC, Ed25519, X25519, Ed448, X448 and DSA; primes and Diffie-Hellman.
//!
//! What a call takes is reckoned from its parameters (`keys::cost`), a little too low rather than too high: what does not
//! fit is refused, and what it took in truth is charged (`sandbox::effort`). A search for a prime, which goes by luck, has
//! what is usual set aside, and as much again whenever that is over and the event has it; it is given up when it has not, or when it
//! took many times what is usual.

mod call;
mod forms;

use super::bindings::roost::bot::public_keys::{
    self, Components, Details, Encryption, EncryptionPadding, Error, Format, Group, Key, KeyPair,
    Message, PointForm, PrimeRequest, PrivateEncoding, PrivateSource, PublicEncoding, PublicSource,
    Request, SignaturePadding, Signing,
};
use super::calculation::{beside, now};
use crate::keys::{self, cost};
use crate::sandbox::RunState;
use call::{Call, call, search};
pub(super) use forms::{described, told};
use wasmtime::component::{Accessor, HasSelf};

type Bytes = Result<Vec<u8>, Error>;

/// The most that a call takes of anything but data that is signed.
fn bounded(inputs: &[&[u8]]) -> Result<(), Error> {
    match inputs.iter().any(|input| input.len() > keys::MOST) {
        true => Err(Error::TooMuch),
        false => Ok(()),
    }
}

/// What is read of a key at most. One that is longer is refused when it is read.
fn shortened(key: &[u8]) -> &[u8] {
    &key[..key.len().min(keys::MOST_KEY)]
}

/// A call with a private key.
fn with_private<T: Send + 'static>(
    key: Vec<u8>,
    beside_it: usize,
    work: impl FnOnce(&keys::Key) -> Result<T, keys::Error> + Send + 'static,
) -> Call<T> {
    let nanos = cost::of_private_key(shortened(&key)).saturating_add(cost::of_data(beside_it));
    call(nanos, key.len() + beside_it, move || {
        work(keys::private(&key)?.as_ref())
    })
}

/// A call with a public key.
fn with_public<T: Send + 'static>(
    key: Vec<u8>,
    beside_it: usize,
    work: impl FnOnce(&keys::Key) -> Result<T, keys::Error> + Send + 'static,
) -> Call<T> {
    let nanos = cost::of_public_key(shortened(&key)).saturating_add(cost::of_data(beside_it));
    call(nanos, key.len() + beside_it, move || {
        work(keys::public(&key)?.as_ref())
    })
}

fn sign(key: Vec<u8>, message: Message, signing: Signing) -> Result<Call<Vec<u8>>, Error> {
    let (message, signing) = (forms::message(message), forms::signing(signing));
    if message.bytes().len() > keys::MOST_SIGNED {
        return Err(Error::TooMuch);
    }
    Ok(with_private(key, message.bytes().len(), move |key| {
        keys::sign(key, &message, &signing)
    }))
}

fn decrypt(
    key: Vec<u8>,
    data: Vec<u8>,
    padding: EncryptionPadding,
) -> Result<Call<Vec<u8>>, Error> {
    bounded(&[&data])?;
    let padding = forms::encryption_padding(padding);
    Ok(with_private(key, data.len(), move |key| {
        keys::decrypt(key, &data, &padding)
    }))
}

fn generate(request: Request) -> Result<Call<KeyPair>, Error> {
    let request = forms::request(request);
    let nanos = request.nanos().map_err(told)?;
    Ok(search(nanos, 0, move |more| {
        let key = keys::generate(&request, more)?;
        Ok(KeyPair {
            public_key: public_of(&key)?,
            private_key: private_of(&key)?,
        })
    }))
}

fn check_group(group: Group) -> Result<Call<u32>, Error> {
    bounded(&[&group.prime, &group.generator])?;
    let group = forms::group(group);
    let nanos = group.nanos_of_check();
    Ok(search(nanos, group.prime.len(), move |more| {
        keys::check_group(&group, more)
    }))
}

fn generate_prime(request: PrimeRequest) -> Result<Call<Vec<u8>>, Error> {
    let request = forms::prime_request(request);
    let nanos = request.nanos().map_err(told)?;
    Ok(search(nanos, 0, move |more| {
        keys::generate_prime(&request, more)
    }))
}

fn check_prime(candidate: Vec<u8>, rounds: u32) -> Result<Call<bool>, Error> {
    let nanos = keys::nanos_of_prime_check(&candidate, rounds).map_err(told)?;
    Ok(search(nanos, candidate.len(), move |more| {
        keys::check_prime(&candidate, rounds, more)
    }))
}

/// A private key as bots have it.
fn private_of(key: &keys::Key) -> Result<Key, keys::Error> {
    Ok(Key {
        der: key.pkcs8()?,
        details: details(key),
    })
}

/// A public key as bots have it.
fn public_of(key: &keys::Key) -> Result<Key, keys::Error> {
    Ok(Key {
        der: key.spki()?,
        details: details(key),
    })
}

fn details(key: &keys::Key) -> Details {
    forms::details(key.details())
}

fn read(
    source: keys::Source,
    passphrase: Option<Vec<u8>>,
    read: fn(&keys::Source, Option<&[u8]>) -> Result<keys::Key, keys::Error>,
    give: fn(&keys::Key) -> Result<Key, keys::Error>,
) -> Result<Call<Key>, Error> {
    bounded(&[passphrase.as_deref().unwrap_or_default()])?;
    let nanos = source.nanos().map_err(told)?;
    Ok(call(nanos, source.bytes().len(), move || {
        give(&read(&source, passphrase.as_deref())?)
    }))
}

impl<T: Send> public_keys::HostWithStore<T> for HasSelf<RunState> {
    async fn generate(accessor: &Accessor<T, Self>, request: Request) -> Result<KeyPair, Error> {
        beside(accessor, generate(request))?.run().await
    }

    async fn sign(
        accessor: &Accessor<T, Self>,
        private_key: Vec<u8>,
        message: Message,
        signing: Signing,
    ) -> Bytes {
        beside(accessor, sign(private_key, message, signing))?
            .run()
            .await
    }

    async fn decrypt(
        accessor: &Accessor<T, Self>,
        private_key: Vec<u8>,
        data: Vec<u8>,
        padding: EncryptionPadding,
    ) -> Bytes {
        beside(accessor, decrypt(private_key, data, padding))?
            .run()
            .await
    }

    async fn check_group(accessor: &Accessor<T, Self>, group: Group) -> Result<u32, Error> {
        beside(accessor, check_group(group))?.run().await
    }

    async fn generate_prime(accessor: &Accessor<T, Self>, request: PrimeRequest) -> Bytes {
        beside(accessor, generate_prime(request))?.run().await
    }

    async fn check_prime(
        accessor: &Accessor<T, Self>,
        candidate: Vec<u8>,
        checks: u32,
    ) -> Result<bool, Error> {
        beside(accessor, check_prime(candidate, checks))?
            .run()
            .await
    }
}

impl public_keys::Host for RunState {
    async fn read_public(
        &mut self,
        source: PublicSource,
        passphrase: Option<Vec<u8>>,
    ) -> Result<Key, Error> {
        let call = read(
            forms::public_source(source),
            passphrase,
            keys::read_public,
            public_of,
        );
        now(self, call)?.run().await
    }

    async fn read_private(
        &mut self,
        source: PrivateSource,
        passphrase: Option<Vec<u8>>,
    ) -> Result<Key, Error> {
        let call = read(
            forms::private_source(source),
            passphrase,
            keys::read_private,
            private_of,
        );
        now(self, call)?.run().await
    }

    async fn public_of(&mut self, private_key: Vec<u8>) -> Result<Key, Error> {
        now(self, Ok(with_private(private_key, 0, public_of)))?
            .run()
            .await
    }

    async fn from_components(&mut self, components: Components) -> Result<Key, Error> {
        let components = forms::components(components);
        let size = components.size();
        let call = match size > keys::MOST_KEY {
            true => Err(Error::TooMuch),
            false => Ok(call(components.nanos(), size, move || {
                let key = components.key()?;
                match key.is_private() {
                    true => private_of(&key),
                    false => public_of(&key),
                }
            })),
        };
        now(self, call)?.run().await
    }

    async fn public_components(&mut self, public_key: Vec<u8>) -> Result<Components, Error> {
        let call = with_public(public_key, 0, |key| {
            keys::Components::of(key).map(forms::given_components)
        });
        now(self, Ok(call))?.run().await
    }

    async fn private_components(&mut self, private_key: Vec<u8>) -> Result<Components, Error> {
        let call = with_private(private_key, 0, |key| {
            keys::Components::of(key).map(forms::given_components)
        });
        now(self, Ok(call))?.run().await
    }

    async fn export_public(
        &mut self,
        public_key: Vec<u8>,
        encoding: PublicEncoding,
        format: Format,
    ) -> Bytes {
        let encoding = forms::public_encoding(encoding);
        let call = with_public(public_key, 0, move |key| {
            keys::export_public(key, encoding, format == Format::Pem)
        });
        now(self, Ok(call))?.run().await
    }

    async fn export_private(
        &mut self,
        private_key: Vec<u8>,
        encoding: PrivateEncoding,
        format: Format,
        encryption: Option<Encryption>,
    ) -> Bytes {
        let encoding = forms::private_encoding(encoding);
        let encryption = encryption.map(forms::encryption);
        let passphrase = encryption
            .as_ref()
            .map_or(0, |encryption| encryption.passphrase.len());
        let call = match passphrase > keys::MOST {
            true => Err(Error::TooMuch),
            false => Ok(with_private(private_key, passphrase, move |key| {
                keys::export_private(key, encoding, format == Format::Pem, encryption.as_ref())
            })),
        };
        now(self, call)?.run().await
    }

    fn export_ciphers(&mut self) -> Vec<String> {
        keys::ciphers()
    }

    async fn generate_now(&mut self, request: Request) -> Result<KeyPair, Error> {
        now(self, generate(request))?.run().await
    }

    async fn sign_now(
        &mut self,
        private_key: Vec<u8>,
        message: Message,
        signing: Signing,
    ) -> Bytes {
        now(self, sign(private_key, message, signing))?.run().await
    }

    async fn verify(
        &mut self,
        public_key: Vec<u8>,
        message: Message,
        signature: Vec<u8>,
        signing: Signing,
    ) -> Result<bool, Error> {
        let (message, signing) = (forms::message(message), forms::signing(signing));
        let size = message.bytes().len();
        let call = match size > keys::MOST_SIGNED {
            true => Err(Error::TooMuch),
            false => bounded(&[&signature]).map(|()| {
                with_public(public_key, size, move |key| {
                    keys::verify(key, &message, &signature, &signing)
                })
            }),
        };
        now(self, call)?.run().await
    }

    async fn encrypt(
        &mut self,
        public_key: Vec<u8>,
        data: Vec<u8>,
        padding: EncryptionPadding,
    ) -> Bytes {
        let padding = forms::encryption_padding(padding);
        let call = bounded(&[&data]).map(|()| {
            with_public(public_key, data.len(), move |key| {
                keys::encrypt(key, &data, &padding)
            })
        });
        now(self, call)?.run().await
    }

    async fn decrypt_now(
        &mut self,
        private_key: Vec<u8>,
        data: Vec<u8>,
        padding: EncryptionPadding,
    ) -> Bytes {
        now(self, decrypt(private_key, data, padding))?.run().await
    }

    async fn sign_raw(
        &mut self,
        private_key: Vec<u8>,
        data: Vec<u8>,
        padding: SignaturePadding,
    ) -> Bytes {
        let call = bounded(&[&data]).and_then(|()| {
            let pads = forms::pads(padding)?;
            Ok(with_private(private_key, data.len(), move |key| {
                keys::sign_raw(key, &data, pads)
            }))
        });
        now(self, call)?.run().await
    }

    async fn recover(
        &mut self,
        public_key: Vec<u8>,
        data: Vec<u8>,
        padding: SignaturePadding,
    ) -> Bytes {
        let call = bounded(&[&data]).and_then(|()| {
            let pads = forms::pads(padding)?;
            Ok(with_public(public_key, data.len(), move |key| {
                keys::recover(key, &data, pads)
            }))
        });
        now(self, call)?.run().await
    }

    async fn agree(&mut self, private_key: Vec<u8>, public_key: Vec<u8>) -> Bytes {
        let call = with_private(private_key, public_key.len(), move |private| {
            keys::agree(private, keys::public(&public_key)?.as_ref())
        });
        now(self, Ok(call))?.run().await
    }

    fn curves(&mut self) -> Vec<String> {
        keys::curves()
    }

    fn convert_point(&mut self, curve: String, point: Vec<u8>, form: PointForm) -> Bytes {
        bounded(&[&point])?;
        keys::convert_point(&curve, &point, forms::point_form(form)).map_err(told)
    }

    fn point_of(&mut self, curve: String, private_number: Vec<u8>) -> Bytes {
        bounded(&[&private_number])?;
        keys::point_of(&curve, &private_number).map_err(told)
    }

    fn agree_on_curve(&mut self, curve: String, private_number: Vec<u8>, point: Vec<u8>) -> Bytes {
        bounded(&[&private_number, &point])?;
        keys::agree_on_curve(&curve, &private_number, &point).map_err(told)
    }

    fn named_group(&mut self, name: String) -> Option<Group> {
        keys::named_group(&name).map(|keys::Group { prime, generator }| Group { prime, generator })
    }

    async fn check_group_now(&mut self, group: Group) -> Result<u32, Error> {
        now(self, check_group(group))?.run().await
    }

    fn private_number(&mut self, group: Group) -> Bytes {
        bounded(&[&group.prime, &group.generator])?;
        keys::private_number(&forms::group(group)).map_err(told)
    }

    async fn public_number(&mut self, group: Group, private_number: Vec<u8>) -> Bytes {
        let call = bounded(&[&group.prime, &group.generator, &private_number]).map(|()| {
            let group = forms::group(group);
            call(group.nanos(&private_number), group.prime.len(), move || {
                keys::public_number(&group, &private_number)
            })
        });
        now(self, call)?.run().await
    }

    async fn agree_in_group(
        &mut self,
        group: Group,
        private_number: Vec<u8>,
        other: Vec<u8>,
    ) -> Bytes {
        let call = bounded(&[&group.prime, &group.generator, &private_number, &other]).map(|()| {
            let group = forms::group(group);
            call(group.nanos(&private_number), group.prime.len(), move || {
                keys::agree_in_group(&group, &private_number, &other)
            })
        });
        now(self, call)?.run().await
    }

    async fn generate_prime_now(&mut self, request: PrimeRequest) -> Bytes {
        now(self, generate_prime(request))?.run().await
    }

    async fn check_prime_now(&mut self, candidate: Vec<u8>, checks: u32) -> Result<bool, Error> {
        now(self, check_prime(candidate, checks))?.run().await
    }
}
