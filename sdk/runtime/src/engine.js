/** The engine's functions, taken off the global object so that bots never see them. */

/** @type {import('./engine.d.ts').Engine} */
export const engine = globalThis.__engine

delete globalThis.__engine
