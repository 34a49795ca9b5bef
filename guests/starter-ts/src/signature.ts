// Checks that a webhook comes from Meta.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

const { APP_SECRET } = process.env

// Runs over the bytes as they came: parsed and printed again they would differ.
export function checkSignature(req: IncomingMessage, _res: ServerResponse, body: Buffer): void {
  if (!APP_SECRET) return
  const given = Buffer.from(String(req.headers['x-hub-signature-256'] ?? ''))
  const digest = createHmac('sha256', APP_SECRET).update(body).digest('hex')
  const expected = Buffer.from(`sha256=${digest}`)
  if (given.length === expected.length && timingSafeEqual(given, expected)) return
  throw Object.assign(new Error('the webhook signature is missing or wrong'), { status: 401 })
}
