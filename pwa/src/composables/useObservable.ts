import type { Observable } from '@xunge/client'
import { shallowRef, type ShallowRef } from 'vue'

/** A client value as a ref, for as long as the page lives. */
export function useObservable<T>(observable: Observable<T>): Readonly<ShallowRef<T>> {
  const value = shallowRef(observable.value)
  observable.subscribe((next) => (value.value = next))
  return value
}

/** Makes something on first use and keeps it. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null
  return () => (made ??= { value: make() }).value
}
