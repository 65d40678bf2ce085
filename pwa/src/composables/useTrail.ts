import { shallowRef } from 'vue'

interface Trail {
  /** In the list's order. */
  ids: readonly string[]
  /** The path that the list is at, with what it is narrowed to. */
  list: string
}

const trail = shallowRef<Trail>({ ids: [], list: '/cases' })

/** The list that one works through, for going on to its next case once one is done. */
export function useTrail() {
  return {
    /** What the list shows now. A case that has just left it keeps its place until one goes on. */
    follow: (ids: readonly string[], open: string, list: string): void => {
      const before = trail.value
      const place = before.ids.indexOf(open)
      const left = open !== '' && place >= 0 && !ids.includes(open) && before.list === list
      const kept = left ? withCase(ids, open, before.ids.slice(place + 1)) : ids
      trail.value = { ids: kept, list }
    },

    next: (id: string): string | null => {
      const { ids } = trail.value
      const place = ids.indexOf(id)
      return place < 0 ? null : (ids[place + 1] ?? null)
    },
  }
}

/** The list with a case put back before the first of those that stood after it. */
function withCase(ids: readonly string[], id: string, after: readonly string[]): string[] {
  const next = after.find((each) => ids.includes(each))
  const place = next === undefined ? ids.length : ids.indexOf(next)
  return [...ids.slice(0, place), id, ...ids.slice(place)]
}
