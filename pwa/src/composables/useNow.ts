import { readonly, ref } from 'vue'

const now = ref(Date.now())
setInterval(() => {
  now.value = Date.now()
}, 20_000)

/** The time in milliseconds, fresh enough for lamps and 3 分钟前; one timer for the whole app. */
export function useNow() {
  return readonly(now)
}
