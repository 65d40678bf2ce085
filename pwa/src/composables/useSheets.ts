import { computed, shallowRef } from 'vue'

const open = shallowRef<HTMLElement[]>([])

/** The sheets that stand over the page, the last one on top. */
export function useSheets() {
  return {
    top: computed(() => open.value.at(-1) ?? null),
    add: (sheet: HTMLElement) => (open.value = [...open.value, sheet]),
    remove: (sheet: HTMLElement) => (open.value = open.value.filter((each) => each !== sheet)),
  }
}
