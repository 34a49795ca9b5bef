/** The project's log. */
export type Log = Record<'trace' | 'debug' | 'info' | 'warn' | 'error', (...values: unknown[]) => void>
