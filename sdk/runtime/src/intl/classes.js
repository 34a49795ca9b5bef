/** Constructors and prototypes in the shapes that ECMA-402 gives them, and what each object holds. */

/** Gives a constructor's result another object, on which a derived class then puts its private fields. */
class Onto {
  constructor(object) { return object }
}

/** What an object of ours was made with: a plain value, under a private name. */
class Slots extends Onto {
  #slots

  constructor(object, slots) {
    super(object)
    this.#slots = slots
  }

  static of(object) {
    return isObject(object) && #slots in object ? object.#slots : undefined
  }
}

export const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function'

/** What an object of one class holds; `undefined` for any other value. */
export function slotsOf(value, kind) {
  const slots = Slots.of(value)
  return slots?.kind === kind ? slots : undefined
}

/** As `slotsOf`, for the method that is named; it refuses what is of no such class. */
export function receiver(value, kind, method) {
  return slotsOf(value, kind) ?? refuse(value, `Intl.${kind}.prototype.${method}`)
}

function refuse(value, method) {
  throw new TypeError(`Method ${method} called on incompatible receiver ${shown(value)}`)
}

function shown(value) {
  if (typeof value === 'symbol') return value.toString()
  if (!isObject(value)) return `${value}`
  const tag = Object.prototype.toString.call(value)
  return tag === '[object Object]' ? '#<Object>' : tag
}

/** Puts what an object holds onto it. */
export function hold(object, slots) {
  return new Slots(object, slots)
}

/** An object of the class that `target`, a `new.target`, is or derives from. */
export function objectFor(target, Class) {
  const { prototype } = target
  return Object.create(isObject(prototype) ? prototype : Class.prototype)
}

/**
 * Makes a constructor.
 *
 * @param {string} name
 * @param {number} length
 * @param {(object: object, ...args: any[]) => object} begin what a new object holds
 * @param {Function} members a class with the methods and getters of the prototype: such code is strict, in whatever bundle
 * @param {{statics?: object, mayBeCalled?: boolean, chains?: boolean}} [more] whether it may be called without `new`, and what it
 *   makes is then kept by an object that it is called on
 */
export function makeClass(name, length, begin, members, { statics = {}, mayBeCalled = false, chains = false } = {}) {
  const Class = function (...args) {
    if (new.target === undefined && !mayBeCalled) throw new TypeError(`Constructor Intl.${name} requires 'new'`)
    const object = objectFor(new.target ?? Class, Class)
    hold(object, begin(...args))
    return chains && new.target === undefined && isObject(this) && isInstance(this, Class) ? chain(this, object) : object
  }
  Object.defineProperty(Class, 'length', { value: length, configurable: true })
  Object.defineProperty(Class, 'name', { value: name, configurable: true })
  const { prototype } = Class
  addMembers(prototype, members.prototype)
  Object.defineProperty(prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true })
  Object.defineProperty(Class, 'prototype', { value: prototype, writable: false })
  addMembers(Class, statics)
  return Class
}

/** Defines what another object has, not enumerable as what the language itself defines. */
export function addMembers(target, members) {
  for (const key of Reflect.ownKeys(members)) {
    if (key !== 'constructor') Object.defineProperty(target, key, { ...Object.getOwnPropertyDescriptor(members, key), enumerable: false })
  }
}

/** `instanceof` without `Symbol.hasInstance`. */
const isInstance = (object, Class) => Function.prototype[Symbol.hasInstance].call(Class, object)

/** Under which an object that was no formatter keeps one, since constructors may be called as functions. */
const fallback = Symbol('IntlLegacyConstructedSymbol')

function chain(object, formatter) {
  Object.defineProperty(object, fallback, { value: formatter, writable: false, enumerable: false, configurable: false })
  return object
}

/** As `receiver`, also for objects that a constructor was called on. */
export function unwrapped(value, Class, kind, method) {
  const isChained = slotsOf(value, kind) === undefined && isObject(value) && isInstance(value, Class)
  return receiver(isChained ? value[fallback] : value, kind, method)
}
