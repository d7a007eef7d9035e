/** The other end of `Child`: answers every question of the bench, and ends with it. */
export function answerParent(answer: (question: never) => unknown): void {
  process.on('disconnect', () => process.exit())
  process.on('message', (question) => {
    void Promise.resolve()
      .then(() => answer(question as never))
      .then(
        (result) => process.send?.({ result }),
        (error: unknown) => process.send?.({ error: String(error) }),
      )
  })
}
