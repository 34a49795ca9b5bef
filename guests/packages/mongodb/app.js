const { EJSON } = require('mongodb').BSON
const { BSON, Decimal128, Long, MongoClient, ObjectId } = require('mongodb')
const { failure, needs, serve } = require('../checks')

serve({
  checks: {
    objectId: () => [new ObjectId('65a0b1c2d3e4f5a6b7c8d9e0').getTimestamp(), ObjectId.isValid('x'), new ObjectId('65a0b1c2d3e4f5a6b7c8d9e0').toHexString()],
    bson: () => [BSON.serialize({ a: 1, b: 'ç', c: [true, null], d: new Date(0), e: Long.fromString('9007199254740993'), f: Decimal128.fromString('1.5') }), EJSON.stringify({ a: Long.fromNumber(1) })],
    deserialize: () => BSON.deserialize(BSON.serialize({ a: { b: [1, 'x'] }, c: Buffer.from('y') })).a,
    connect: needs('sockets', () => failure(() => new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 300 }).connect()).then(({ failed }) => failed.message)),
  },
})
