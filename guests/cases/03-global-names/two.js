exports.Session = class Session { name() { return 'two' } }
exports.greet = function greet(name = 'x') { return `hi ${name}` }
