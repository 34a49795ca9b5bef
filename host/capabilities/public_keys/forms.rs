//! Values of `wit/` as `keys` has them, and back.

use super::super::bindings::roost::bot::public_keys as wit;
use crate::keys;

/// An error as bots see it.
pub(in crate::capabilities) fn told(error: keys::Error) -> wit::Error {
    match error {
        keys::Error::OpenSsl(error) => wit::Error::Openssl(wit::OpensslError {
            library: error.library().to_owned(),
            reason: error.reason().to_owned(),
            code: error.code(),
            message: error.message(),
        }),
        keys::Error::MissingPassphrase => wit::Error::MissingPassphrase,
        keys::Error::UnknownDigest => wit::Error::UnknownDigest(keys::digests()),
        keys::Error::UnknownCurve => wit::Error::UnknownCurve(keys::curves()),
        keys::Error::UnknownCipher => wit::Error::UnknownCipher(keys::ciphers()),
        keys::Error::Unsupported(text) => wit::Error::Unsupported(text),
        keys::Error::Parameters(text) => wit::Error::Parameters(text),
        keys::Error::TooMuch => wit::Error::TooMuch,
        keys::Error::Other(text) => wit::Error::Other(text),
    }
}

/// A public key as bots have it, of SPKI; none of a kind that is not known.
pub(in crate::capabilities) fn described(spki: Vec<u8>) -> Option<wit::Key> {
    let key = keys::public(&spki).ok()?;
    Some(wit::Key {
        der: spki,
        details: details(key.details()),
    })
}

pub(super) fn details(details: keys::Details) -> wit::Details {
    wit::Details {
        kind: details.kind.to_owned(),
        modulus_length: details.modulus_length,
        public_exponent: details.public_exponent,
        named_curve: details.named_curve.map(str::to_owned),
        divisor_length: details.divisor_length,
        pss: details
            .pss
            .map(|(digest, mask, salt_length)| wit::PssBounds {
                digest: digest.to_owned(),
                mgf1_digest: mask.to_owned(),
                salt_length,
            }),
    }
}

pub(super) fn public_source(source: wit::PublicSource) -> keys::Source {
    match source {
        wit::PublicSource::Pem(text) => keys::Source::Pem(text),
        wit::PublicSource::Spki(der) => keys::Source::Spki(der),
        wit::PublicSource::Pkcs1(der) => keys::Source::Pkcs1(der),
    }
}

pub(super) fn private_source(source: wit::PrivateSource) -> keys::Source {
    match source {
        wit::PrivateSource::Pem(text) => keys::Source::Pem(text),
        wit::PrivateSource::Pkcs8(der) => keys::Source::Pkcs8(der),
        wit::PrivateSource::Pkcs1(der) => keys::Source::Pkcs1(der),
        wit::PrivateSource::Sec1(der) => keys::Source::Sec1(der),
    }
}

pub(super) fn public_encoding(encoding: wit::PublicEncoding) -> keys::Encoding {
    match encoding {
        wit::PublicEncoding::Spki => keys::Encoding::Usual,
        wit::PublicEncoding::Pkcs1 => keys::Encoding::Pkcs1,
    }
}

pub(super) fn private_encoding(encoding: wit::PrivateEncoding) -> keys::Encoding {
    match encoding {
        wit::PrivateEncoding::Pkcs8 => keys::Encoding::Usual,
        wit::PrivateEncoding::Pkcs1 => keys::Encoding::Pkcs1,
        wit::PrivateEncoding::Sec1 => keys::Encoding::Sec1,
    }
}

pub(super) fn encryption(encryption: wit::Encryption) -> keys::Encryption {
    keys::Encryption {
        cipher: encryption.cipher,
        passphrase: encryption.passphrase,
    }
}

pub(super) fn components(components: wit::Components) -> keys::Components {
    match components {
        wit::Components::Rsa(rsa) => keys::Components::Rsa(keys::RsaComponents {
            n: rsa.n,
            e: rsa.e,
            private: rsa
                .private
                .map(|own| [own.d, own.p, own.q, own.dp, own.dq, own.qi]),
        }),
        wit::Components::Ec(ec) => keys::Components::Ec(keys::EcComponents {
            curve: ec.curve,
            x: ec.x,
            y: ec.y,
            d: ec.d,
        }),
        wit::Components::Raw(raw) => keys::Components::Raw(keys::RawComponents {
            kind: raw.kind,
            x: raw.x,
            d: raw.d,
        }),
    }
}

pub(super) fn given_components(components: keys::Components) -> wit::Components {
    match components {
        keys::Components::Rsa(rsa) => wit::Components::Rsa(wit::RsaComponents {
            n: rsa.n,
            e: rsa.e,
            private: rsa
                .private
                .map(|[d, p, q, dp, dq, qi]| wit::RsaPrivateComponents {
                    d,
                    p,
                    q,
                    dp,
                    dq,
                    qi,
                }),
        }),
        keys::Components::Ec(ec) => wit::Components::Ec(wit::EcComponents {
            curve: ec.curve,
            x: ec.x,
            y: ec.y,
            d: ec.d,
        }),
        keys::Components::Raw(raw) => wit::Components::Raw(wit::RawComponents {
            kind: raw.kind,
            x: raw.x,
            d: raw.d,
        }),
    }
}

fn rsa_request(request: wit::RsaRequest) -> keys::RsaRequest {
    keys::RsaRequest {
        bits: request.modulus_length,
        exponent: request.public_exponent,
    }
}

pub(super) fn request(request: wit::Request) -> keys::Request {
    match request {
        wit::Request::Rsa(rsa) => keys::Request::Rsa(rsa_request(rsa)),
        wit::Request::RsaPss(pss) => keys::Request::RsaPss {
            rsa: rsa_request(pss.rsa),
            digest: pss.digest,
            mask: pss.mgf1_digest,
            salt: pss.salt_length,
        },
        wit::Request::Ec(curve) => keys::Request::Ec(curve),
        wit::Request::Ed25519 => keys::Request::Ed25519,
        wit::Request::X25519 => keys::Request::X25519,
        wit::Request::Dsa(dsa) => keys::Request::Dsa {
            bits: dsa.modulus_length,
            order_bits: dsa.divisor_length,
        },
    }
}

pub(super) fn message(message: wit::Message) -> keys::Message {
    match message {
        wit::Message::Data(data) => keys::Message::Data(data),
        wit::Message::Digest(digest) => keys::Message::Digest(digest),
    }
}

pub(super) fn signing(signing: wit::Signing) -> keys::Signing {
    keys::Signing {
        digest: signing.digest,
        padding: signing.padding.map(|padding| match padding {
            wit::SignaturePadding::Pkcs1 => keys::SignaturePadding::Pkcs1,
            wit::SignaturePadding::Pss => keys::SignaturePadding::Pss,
            wit::SignaturePadding::None => keys::SignaturePadding::None,
        }),
        salt: signing.salt_length.map(|salt| match salt {
            wit::SaltLength::Digest => keys::Salt::Digest,
            wit::SaltLength::Auto => keys::Salt::Auto,
            wit::SaltLength::Max => keys::Salt::Max,
            wit::SaltLength::Bytes(bytes) => keys::Salt::Bytes(bytes),
        }),
        mask: signing.mgf1_digest,
        is_p1363: signing.encoding == wit::SignatureEncoding::IeeeP1363,
    }
}

pub(super) fn encryption_padding(padding: wit::EncryptionPadding) -> keys::EncryptionPadding {
    match padding {
        wit::EncryptionPadding::Oaep(oaep) => keys::EncryptionPadding::Oaep {
            digest: oaep.digest,
            mask: oaep.mgf1_digest,
            label: oaep.label,
        },
        wit::EncryptionPadding::Pkcs1 => keys::EncryptionPadding::Pkcs1,
        wit::EncryptionPadding::None => keys::EncryptionPadding::None,
    }
}

/// Whether what is signed raw is padded.
pub(super) fn pads(padding: wit::SignaturePadding) -> Result<bool, wit::Error> {
    match padding {
        wit::SignaturePadding::Pkcs1 => Ok(true),
        wit::SignaturePadding::None => Ok(false),
        wit::SignaturePadding::Pss => Err(told(keys::illegal_padding())),
    }
}

pub(super) fn point_form(form: wit::PointForm) -> keys::PointForm {
    match form {
        wit::PointForm::Compressed => keys::PointForm::Compressed,
        wit::PointForm::Uncompressed => keys::PointForm::Uncompressed,
        wit::PointForm::Hybrid => keys::PointForm::Hybrid,
    }
}

pub(super) fn group(group: wit::Group) -> keys::Group {
    keys::Group {
        prime: group.prime,
        generator: group.generator,
    }
}

pub(super) fn prime_request(request: wit::PrimeRequest) -> keys::PrimeRequest {
    keys::PrimeRequest {
        bits: request.bits,
        is_safe: request.safe,
        add: request.add,
        rem: request.rem,
    }
}
