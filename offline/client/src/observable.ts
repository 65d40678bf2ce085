/** A value that can be watched. */
export interface Observable<T> {
  readonly value: T
  /** Calls `see` now and at each change, until the returned function is called. */
  subscribe(see: (value: T) => void): () => void
}

export class Source<T> implements Observable<T> {
  private readonly watchers = new Set<(value: T) => void>()

  constructor(public value: T) {}

  set(value: T): void {
    this.value = value
    for (const see of this.watchers) see(value)
  }

  subscribe(see: (value: T) => void): () => void {
    this.watchers.add(see)
    see(this.value)
    return () => this.watchers.delete(see)
  }
}
