module.exports = { name: 'echo', run: (text) => `echo: ${text}` }
