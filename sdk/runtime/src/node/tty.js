/** `node:tty`: there is no terminal. */

function ReadStream() {}
function WriteStream() {}

export default { isatty: () => false, ReadStream, WriteStream }
