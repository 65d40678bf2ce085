/** Asks before something is lost. Resolves true when the person says yes. */
export async function confirmLoss(title: string, message: string, yes = '放弃'): Promise<boolean> {
  const { showConfirmDialog } = await import('./overlays')
  try {
    await showConfirmDialog({
      title,
      message,
      confirmButtonText: yes,
      cancelButtonText: '留下',
      confirmButtonColor: 'var(--bad)',
    })
    return true
  } catch {
    return false
  }
}
