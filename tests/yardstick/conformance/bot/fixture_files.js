'use strict'
// A bot takes no private keys with it as files, and nothing below `test/`: there `fs` reads the suite's files from the code.

const fs = require('fs')
const path = require('path')
const { Readable } = require('stream')
const data = require('./fixtures_data.js')

/** What a path names of the suite's files. */
function known(file) {
  if (typeof file !== 'string' && !(file instanceof URL)) return undefined
  const name = path.relative(__dirname, path.resolve(file instanceof URL ? file.pathname : file))
  return Object.hasOwn(data, name) ? Buffer.from(data[name], 'base64') : undefined
}

function answer(file, options) {
  const bytes = known(file)
  const encoding = typeof options === 'string' ? options : options?.encoding
  return bytes && (encoding && encoding !== 'buffer' ? bytes.toString(encoding) : bytes)
}

if (!fs.existsSync(path.join(__dirname, 'test'))) {
  const { readFileSync, readFile, existsSync, createReadStream } = fs
  fs.readFileSync = (file, options) => answer(file, options) ?? readFileSync(file, options)
  fs.existsSync = (file) => known(file) !== undefined || existsSync(file)
  fs.createReadStream = (file, options) => {
    const bytes = known(file)
    if (!bytes) return createReadStream(file, options)
    const size = options?.highWaterMark ?? 65536
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size))
    return Readable.from(parts, { objectMode: false })
  }
  fs.readFile = (file, ...given) => {
    const found = answer(file, typeof given[0] === 'function' ? undefined : given[0])
    if (found === undefined) return readFile(file, ...given)
    process.nextTick(given.at(-1), null, found)
  }
  const { readFile: later } = fs.promises
  fs.promises.readFile = async (file, options) => answer(file, options) ?? later(file, options)
}
