/** What the interfaces of Web Cryptography have in common. */
import { codedError } from '../../errors.js'

export const illegalConstructor = () => codedError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor')
export const invalidThis = (name) => codedError(TypeError, 'ERR_INVALID_THIS', `Value of "this" must be of type ${name}`)

/** Makes members enumerable, as WebIDL has them, and names the class of its objects. */
export function show(Class, name) {
  for (const member of Object.getOwnPropertyNames(Class.prototype)) if (member !== 'constructor') Object.defineProperty(Class.prototype, member, { enumerable: true })
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true })
}
