// Makes vectors.json with Node's own crypto: `node vectors.mjs > vectors.json`. Certificates are files of their own.
import crypto from "node:crypto";

const pass = "pass phrase";
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const keys = [];
const pairs = {};

function add(name, kind, options) {
  const pair = crypto.generateKeyPairSync(kind, options);
  pairs[name] = pair;
  const { privateKey, publicKey } = pair;
  const forms = [];
  const form = (type, format, cipher) =>
    forms.push({ type, format, encrypted: !!cipher, bytes: hex(privateKey.export({ type, format, ...(cipher && { cipher, passphrase: pass }) })) });
  const types = ["pkcs8", ...(kind === "rsa" ? ["pkcs1"] : []), ...(kind === "ec" ? ["sec1"] : [])];
  for (const type of types) {
    form(type, "pem");
    form(type, "der");
    for (const cipher of name === "rsa" ? ["aes-128-cbc", "aes-256-cbc", "des-ede3-cbc"] : ["aes-256-cbc"]) {
      form(type, "pem", cipher);
      if (type === "pkcs8") form(type, "der", cipher);
    }
  }
  const jwk = ["rsa", "ec", "ed25519", "x25519", "ed448", "x448"].includes(kind) && name !== "secp224r1";
  const details = publicKey.asymmetricKeyDetails;
  if (details.publicExponent) details.publicExponent = Number(details.publicExponent);
  keys.push({
    name,
    kind,
    details,
    forms,
    pkcs8: hex(privateKey.export({ type: "pkcs8", format: "der" })),
    spki: hex(publicKey.export({ type: "spki", format: "der" })),
    public_pem: publicKey.export({ type: "spki", format: "pem" }),
    public_pkcs1: kind === "rsa" ? hex(publicKey.export({ type: "pkcs1", format: "der" })) : null,
    jwk: jwk ? Object.fromEntries(Object.entries(privateKey.export({ format: "jwk" })).map(([k, v]) => [k, ["kty", "crv"].includes(k) ? v : hex(Buffer.from(v, "base64url"))])) : null,
  });
}

add("rsa", "rsa", { modulusLength: 1024 });
add("rsa3", "rsa", { modulusLength: 1024, publicExponent: 3 });
add("pss", "rsa-pss", { modulusLength: 1024 });
add("pss-bound", "rsa-pss", { modulusLength: 1024, hashAlgorithm: "sha256", mgf1HashAlgorithm: "sha384", saltLength: 20 });
for (const namedCurve of ["prime256v1", "secp384r1", "secp521r1", "secp256k1", "secp224r1"]) add(namedCurve, "ec", { namedCurve });
add("ed25519", "ed25519");
add("x25519", "x25519");
add("ed448", "ed448");
add("x448", "x448");
add("dsa", "dsa", { modulusLength: 1024, divisorLength: 160 });

const data = Buffer.from("what is signed");
const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PKCS1_OAEP_PADDING, RSA_NO_PADDING } = crypto.constants;
const signatures = [];
function sign(key, digest, { padding, salt, encoding } = {}) {
  const options = { key: pairs[key].privateKey, dsaEncoding: encoding };
  if (padding) options.padding = padding === "pss" ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
  if (salt !== undefined) options.saltLength = salt;
  signatures.push({ key, digest, padding: padding ?? null, salt: salt ?? null, p1363: encoding === "ieee-p1363", signature: hex(crypto.sign(digest, data, options)) });
}
for (const digest of ["md5", "ripemd160", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-224", "sha512-256", "sha3-256", "sha3-512"]) {
  sign("rsa", digest, { padding: "pkcs1" });
  sign("rsa", digest, { padding: "pss", salt: 0 });
  sign("prime256v1", digest);
}
for (const salt of [-1, -2, 0, 20, 33]) {
  sign("rsa", "sha256", { padding: "pss", salt });
  sign("pss", "sha384", { padding: "pss", salt });
}
sign("pss", "sha256");
sign("pss-bound", "sha256");
sign("pss-bound", "sha256", { salt: 40 });
for (const key of ["prime256v1", "secp384r1", "secp521r1", "secp256k1", "secp224r1", "dsa"])
  for (const encoding of ["der", "ieee-p1363"]) sign(key, "sha256", { encoding });
sign("ed25519", null);
sign("ed448", null);

const encrypted = [];
for (const [digest, mask, label] of [["sha1", "sha1", ""], ["sha256", "sha256", ""], ["sha384", "sha384", ""]])
  encrypted.push({ key: "rsa", padding: "oaep", digest, mask, label: hex(label), data: hex("hi"), bytes: hex(crypto.publicEncrypt({ key: pairs.rsa.publicKey, padding: RSA_PKCS1_OAEP_PADDING, oaepHash: digest, oaepLabel: label ? Buffer.from(label) : undefined }, Buffer.from("hi")).subarray()), error: null });
encrypted.push({ key: "rsa", padding: "oaep", digest: "sha256", mask: "sha256", label: hex("label"), data: hex("hi"), bytes: hex(crypto.publicEncrypt({ key: pairs.rsa.publicKey, oaepHash: "sha256", oaepLabel: Buffer.from("label") }, Buffer.from("hi"))), error: null });
encrypted.push({ key: "rsa", padding: "pkcs1", data: hex("hello"), bytes: hex(crypto.publicEncrypt({ key: pairs.rsa.publicKey, padding: RSA_PKCS1_PADDING }, Buffer.from("hello"))), error: null });
// What is not padded as it should be gives what follows from it.
const attempt = (padding, name, bytes) => {
  const options = { key: pairs.rsa.privateKey, padding };
  let data = null;
  let error = null;
  try {
    data = hex(crypto.privateDecrypt(options, bytes));
  } catch (thrown) {
    error = { code: thrown.code, message: thrown.message };
  }
  encrypted.push({ key: "rsa", padding: name, digest: "sha1", mask: "sha1", label: "", data, bytes: hex(bytes), error });
};
for (let i = 1; i < 40; i++) attempt(RSA_PKCS1_PADDING, "pkcs1", Buffer.alloc(i % 3 ? 128 : 100 + (i % 28), i));
for (const [index, block] of [[0, 2, 0], [0, 2, ...Array(7).fill(1), 0], [0, 2, ...Array(8).fill(1), 0, 9], [0, 2, ...Array(126).fill(1)], [0, 2, ...Array(125).fill(1), 0], [0, 1, ...Array(8).fill(1), 0], [1, 2, ...Array(8).fill(1), 0]].entries()) {
  const padded = Buffer.alloc(128, index + 1);
  padded.set(block);
  attempt(RSA_PKCS1_PADDING, "pkcs1", crypto.publicEncrypt({ key: pairs.rsa.publicKey, padding: RSA_NO_PADDING }, padded));
}
for (const bytes of [Buffer.alloc(128, 1), Buffer.alloc(128, 255), Buffer.alloc(129, 1), Buffer.alloc(12, 1)]) {
  attempt(RSA_PKCS1_OAEP_PADDING, "oaep", bytes);
  attempt(RSA_PKCS1_PADDING, "pkcs1", bytes);
  attempt(RSA_NO_PADDING, "none", bytes);
}

const agreements = [];
for (const key of ["prime256v1", "secp384r1", "secp521r1", "secp256k1", "secp224r1", "x25519", "x448"]) {
  const other = crypto.generateKeyPairSync(key.startsWith("x") ? key : "ec", { namedCurve: key });
  agreements.push({ key, other: hex(other.publicKey.export({ type: "spki", format: "der" })), secret: hex(crypto.diffieHellman({ privateKey: pairs[key].privateKey, publicKey: other.publicKey })) });
}
const points = ["prime256v1", "secp521r1", "secp256k1"].map((curve) => {
  const ecdh = crypto.createECDH(curve);
  ecdh.generateKeys();
  return { curve, private: hex(ecdh.getPrivateKey()), uncompressed: hex(ecdh.getPublicKey()), compressed: hex(ecdh.getPublicKey(null, "compressed")), hybrid: hex(ecdh.getPublicKey(null, "hybrid")) };
});
const groups = ["modp1", "modp2", "modp5", "modp14", "modp15", "modp16", "modp17", "modp18"].map((name) => {
  const dh = crypto.getDiffieHellman(name);
  return { name, prime: crypto.createHash("sha256").update(dh.getPrime()).digest("hex"), error: dh.verifyError };
});
const exchanges = ["modp1", "modp14"].map((name) => {
  const [a, b] = [crypto.getDiffieHellman(name), crypto.getDiffieHellman(name)];
  a.generateKeys();
  b.generateKeys();
  return { name, private: hex(a.getPrivateKey()), public: hex(a.getPublicKey()), other: hex(b.getPublicKey()), secret: hex(a.computeSecret(b.getPublicKey())) };
});
const checks = [["17", 2], ["ffffffffffffffff", 2], [hex(crypto.getDiffieHellman("modp2").getPrime()), 3], [hex(crypto.generatePrimeSync(512)), 2], [hex(crypto.generatePrimeSync(512, { safe: true })), 5]].map(([prime, generator]) => ({ prime, generator, error: crypto.createDiffieHellman(prime, "hex", Buffer.from([generator])).verifyError }));

console.log(JSON.stringify({ pass, data: hex(data), keys, signatures, encrypted, agreements, points, groups, exchanges, checks }, null, 0));
