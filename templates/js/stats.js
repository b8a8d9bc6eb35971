(() => {
  "use strict"
  const patience = 2000 // milliseconds between two looks at the whole page
  const total = document.querySelector("[data-total]")
  if (!total || !window.EventSource) return

  // The numbers over time come from the page itself, drawn on the server.
  let waiting = false
  const refresh = async () => {
    waiting = false
    try {
      const answer = await fetch(location.href, { cache: "no-store" })
      if (!answer.ok) return
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html")
      for (const old of document.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(old.id)
        if (now) old.replaceChildren(...now.childNodes)
      }
    } catch { } // the next event tries again
  }

  let shown = Number(total.textContent.replaceAll(",", ""))
  const listen = new EventSource(document.body.dataset.events)
  listen.onmessage = event => {
    const value = JSON.parse(event.data).value
    total.textContent = value.toLocaleString("en")
    document.getElementById("at-least").textContent = ""
    if (shown !== value && !waiting) {
      waiting = true
      setTimeout(refresh, patience)
    }
    shown = value
  }
  addEventListener("pagehide", () => listen.close())
  addEventListener("pageshow", event => { if (event.persisted) location.reload() })
})()
