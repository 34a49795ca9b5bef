// Checks that a webhook comes from Meta.

const crypto = require('node:crypto')

const { APP_SECRET } = process.env

// Runs over the bytes as they came: parsed and printed again they would differ.
function checkSignature(req, _res, body) {
  if (!APP_SECRET) return
  const given = Buffer.from(req.get('x-hub-signature-256') ?? '')
  const digest = crypto.createHmac('sha256', APP_SECRET).update(body).digest('hex')
  const expected = Buffer.from(`sha256=${digest}`)
  if (given.length === expected.length && crypto.timingSafeEqual(given, expected)) return
  throw Object.assign(new Error('the webhook signature is missing or wrong'), { status: 401 })
}

module.exports = { checkSignature }
