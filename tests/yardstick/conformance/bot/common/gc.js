'use strict'
// Nobody can ask the engine to collect garbage.

const refuse = () => { throw new Error('there is no door to the garbage collector') }

module.exports = { onGC: refuse, gcUntil: refuse, checkIfCollectable: refuse, checkIfCollectableByCounting: refuse }
