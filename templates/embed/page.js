/* Counts the views of the page it is on, and shows them where its theme expects them. No cookie, no third party. */
(() => {
  // A module has no element of its own: its address stands in the stack.
  const tag = document.currentScript
  const base = (tag?.src ?? Error().stack)?.match(/https?:[^\s)?]+\/(?=/*ADDRESS*/)/)?.[0]
  const loaded = Symbol.for('views /*ADDRESS*/')
  if (window[loaded] || !base) return // a second script on the page
  window[loaded] = true
  const local = /^(127(\.\d+){3}|0\.0\.0\.0|\[::1?\]|(.*\.)?localhost|)$/.test(location.hostname)
  const when = (waits, event) => new Promise(resolve => (waits ? document.addEventListener(event, resolve) : resolve()))
  const seen = when(document.prerendering, 'prerenderingchange')
  const ready = when(document.readyState == 'loading', 'DOMContentLoaded').then(() => seen)
  const bare = () => location.href.split('#')[0]
  const first = bare()
  const here = () => (bare() == first && document.querySelector('link[rel~=canonical]')?.href) || bare()

  const skip = () => {
    try {
      return location.hash == '#views-skip' || localStorage.getItem('views-skip')
    } catch {} // storage is forbidden here
  }
  const ask = async address => {
    await seen
    const method = skip() || local || self != top ? 'GET' : 'POST'
    const answer = await fetch(base + 'api/v1/views/' + encodeURIComponent(address), { method, keepalive: true, credentials: 'omit', referrerPolicy: 'no-referrer' })
    if (!answer.ok) throw Error(`views: ${answer.status}`)
    return answer.json()
  }
  // Shared by all of our scripts on the page, of which one counts it.
  const views = (window[Symbol.for('views')] ??= {})
  views.visit ??= views.get ?? (address => {
    if (views.current != address) {
      views.current = address
      views.answer = ask(address)
    }
    return views.answer
  })
  const opened = show => {
    ready.then(show)
    addEventListener('pageshow', event => {
      if (!event.persisted) return
      delete views.current
      show()
    })
  }
/*DRESS*/
})()
