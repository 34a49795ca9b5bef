module.exports = class Session {
  // a comment
  name() { return 'one' }
}
