'use strict'
// No file is written in the sandbox: who asks for a folder to write in says so.

const refuse = () => { throw new Error('a bot writes no files') }

module.exports = { path: '/tmp/of-tests', refresh: refuse, resolve: refuse, fileURL: refuse, hasEnoughSpace: () => false }
