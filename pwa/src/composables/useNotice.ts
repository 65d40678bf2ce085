import { readonly, shallowRef } from 'vue'

export interface Notice {
  text: string
  tone: 'plain' | 'bad'
  undo?: () => void
}

const current = shallowRef<Notice | null>(null)
let timer: ReturnType<typeof setTimeout> | undefined

function show(notice: Notice): void {
  clearTimeout(timer)
  current.value = notice
  timer = setTimeout(dismiss, notice.undo || notice.tone === 'bad' ? 8_000 : 3_500)
}

function dismiss(): void {
  current.value = null
}

/** One line under the bar, away from the thumb's buttons, read out to screen readers, with an undo where one helps. */
export function useNotice() {
  return {
    current: readonly(current),
    dismiss,
    say: (text: string) => show({ text, tone: 'plain' }),
    complain: (text: string) => show({ text, tone: 'bad' }),
    offerUndo: (text: string, undo: () => void) => show({ text, tone: 'plain', undo }),
  }
}
