/** The project's secrets. */
export interface Secrets {
  get(name: string): Promise<string | undefined>
  names(): Promise<string[]>
}
