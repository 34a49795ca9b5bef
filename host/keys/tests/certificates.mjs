// What Node says of the certificates beside this: `node certificates.mjs > certificates.json`.
import { X509Certificate } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

const folder = new URL(".", import.meta.url);
const all = readdirSync(folder).filter((name) => name.endsWith(".crt")).sort();
const matching = { subject: "default" };
console.log(
  JSON.stringify(
    all.map((file) => {
      const x = new X509Certificate(readFileSync(new URL(file, folder)));
      return {
        file,
        subject: x.subject,
        issuer: x.issuer,
        san: x.subjectAltName ?? null,
        info: x.infoAccess?.trimEnd() ?? null,
        from: x.validFrom,
        to: x.validTo,
        from_seconds: Date.parse(x.validFrom) / 1000,
        serial: x.serialNumber,
        ca: x.ca,
        usage: x.keyUsage ?? null,
        spki: x.publicKey.export({ type: "spki", format: "der" }).toString("hex"),
        fingerprint: x.fingerprint256,
        self: x.verify(x.publicKey),
        issued: x.checkIssued(x),
        hosts: ["example.com", "www.example.org", "example.net", "plain", "agent1"].map((name) => x.checkHost(name, matching) ?? null),
        email: ["a@example.com", "ry@tinyclouds.org"].map((name) => !!x.checkEmail(name)),
        ip: ["127.0.0.1", "::1", "8.8.8.8"].map((name) => !!x.checkIP(name)),
      };
    }),
    null,
    1,
  ),
);
