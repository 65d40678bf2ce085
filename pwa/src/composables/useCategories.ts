import { searchCategories } from '@xunge/rules'
import type { catalogue } from '@xunge/types'
import { computed, ref } from 'vue'
import { useReference } from './useReference'

const RECENT_KEY = 'recent-categories'
const RECENT_LENGTH = 6

/** Components before events, then by code, as the standard lists them. */
function inOrder(list: catalogue.Category[]): catalogue.Category[] {
  return list.sort((a, b) => a.kind.localeCompare(b.kind) || a.code.localeCompare(b.code))
}

const recentCodes = ref<string[]>(JSON.parse(localStorage.getItem(RECENT_KEY) ?? '[]') as string[])

/** Subclasses a report may have, findable by words, by recent use and by tree. */
export function useCategories() {
  const { categories, category } = useReference()
  const active = computed(() => categories.value.filter((each) => each.active))
  const leaves = computed(() => inOrder(active.value.filter((each) => each.parent !== null)))
  const classes = computed(() => inOrder(active.value.filter((each) => each.parent === null)))
  const recents = computed(() =>
    recentCodes.value.flatMap((code) => {
      const found = category(code)
      return found?.active ? [found] : []
    }),
  )

  function remember(code: string): void {
    recentCodes.value = [code, ...recentCodes.value.filter((each) => each !== code)].slice(
      0,
      RECENT_LENGTH,
    )
    localStorage.setItem(RECENT_KEY, JSON.stringify(recentCodes.value))
  }

  return {
    leaves,
    classes,
    recents,
    search: (text: string) => searchCategories(categories.value, text),
    remember,
  }
}
