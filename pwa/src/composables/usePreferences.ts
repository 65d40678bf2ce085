import { ref, watchEffect } from 'vue'

const elder = ref(localStorage.getItem('elder') === 'yes')

watchEffect(() => {
  document.documentElement.toggleAttribute('data-elder', elder.value)
  localStorage.setItem('elder', elder.value ? 'yes' : 'no')
})

/** What this person prefers on this device. `elder` is 长辈模式: larger text and targets. */
export function usePreferences() {
  return { elder }
}
