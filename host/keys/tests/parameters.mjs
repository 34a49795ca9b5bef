// Makes parameters.json with Node's crypto and OpenSSL: `node parameters.mjs > parameters.json`. Keys whose parameters
// stand in them number by number: EC where the curve has no name, and Diffie-Hellman.
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const der = (key) => key.export({ type: key.type === "public" ? "spki" : "pkcs8", format: "der" });
const openssl = (args, input) => execFileSync("openssl", args, { input, stdio: ["pipe", "pipe", "ignore"] });

const curves = ["secp224r1", "prime256v1", "secp384r1", "secp521r1", "secp256k1"].map((namedCurve) => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve });
  const [secret, open] = [privateKey.export({ type: "sec1", format: "pem" }), publicKey.export({ type: "spki", format: "pem" })];
  const explicit = (...args) => [...args, "-param_enc", "explicit"];
  return {
    name: namedCurve, pkcs8: hex(der(privateKey)), spki: hex(der(publicKey)),
    explicit: {
      pkcs8: hex(openssl(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], openssl(explicit("ec"), secret))),
      sec1: hex(openssl(explicit("ec", "-outform", "DER"), secret)),
      spki: hex(openssl(explicit("ec", "-pubin", "-outform", "DER"), open)),
      pem: `${openssl(["ecparam", "-name", namedCurve, "-param_enc", "explicit"], "")}${openssl(explicit("ec"), secret)}`,
    },
  };
});

const pair = (options) => crypto.generateKeyPairSync("dh", options);
const groups = [{ group: "modp1" }, { group: "modp14" }, { primeLength: 512, generator: 5 }].map((options) => {
  const own = pair(options);
  const other = options.group ? pair(options) : own;
  return { pkcs8: hex(der(own.privateKey)), spki: hex(der(own.publicKey)), other: hex(der(other.publicKey)), secret: hex(crypto.diffieHellman({ privateKey: own.privateKey, publicKey: other.publicKey })) };
});
const encrypted = pair({ group: "modp5" }).privateKey;

console.log(JSON.stringify({ curves, groups, encrypted: { pkcs8: hex(der(encrypted)), pem: encrypted.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "pass phrase" }) } }));
