/**
 * `WeakRef`. The engine frees what nobody holds at once; JavaScript promises that what a reference was made of,
 * or gave, lives on until the end of the job.
 */

const kept = new Set()

function keep(target) {
  if (kept.size === 0) Promise.resolve().then(() => kept.clear())
  kept.add(target)
}

const Native = globalThis.WeakRef

export class WeakRef extends Native {
  constructor(target) {
    super(target)
    keep(target)
  }

  deref() {
    const target = super.deref()
    if (target !== undefined) keep(target)
    return target
  }
}
Object.defineProperty(WeakRef.prototype, Symbol.toStringTag, { value: 'WeakRef', configurable: true })
