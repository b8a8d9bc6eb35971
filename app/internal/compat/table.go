package compat

import (
	"net/http"
	"slices"

	"example.com/herokuapp/templates/embed"
)

const (
	// inPath matches a key, or a namespace and a key. It does not match a name that begins
	// with an @, escaped or not, which another service has in the same place.
	inPath = `{name:(?:[^/@%]|%[^4]|%4[^0])[^/]*(?:/[^/]+)?}`
	// atName matches a name after an @.
	atName = "{at:@|%40}{name}"
	// slash matches a slash that may be left out.
	slash = "{slash:/?}"
)

// table returns the addresses of all services. The first that matches a path has it: those
// that begin with a word of their own come before those that differ by their form alone.
func table() []row {
	return slices.Concat(badges(), keys(), blogs(), shapes())
}

// of returns the rows as those of some services.
func of(services []string, rows ...row) []row {
	for i := range rows {
		rows[i].services = services
	}
	return rows
}

// badges are images for a README, and what else their services have.
func badges() []row {
	const bad = http.StatusBadRequest
	return slices.Concat(
		of([]string{"ghpvc"},
			row{path: "/ghpvc/", name: gitHubUser, does: onlyCamo, answer: profile},
		),
		of([]string{"visitor-badge"},
			row{path: "/badge", name: byKey("visitor-badge", "page_id"), does: unless("query_only"), answer: look{
				label: parameter{"left_text", "visitors"}, labelColor: parameter{"left_color", "#595959"}, color: parameter{"right_color", "#1283c3"},
				title: parameter{"title", ""}, text: visits, cache: "no-cache,max-age=0,no-store,s-maxage=0,proxy-revalidate",
			}.answer},
		),
		of([]string{"seeyoufarm"},
			row{path: "/api/count/incr/badge.svg", name: byURL, answer: daily},
			row{path: "/api/count/keep/badge.svg", name: byURL, does: reads, answer: daily},
			row{path: "/api/count/graph/dailyhits.svg", name: byURL, does: reads, answer: graph},
		),
		of([]string{"hitscounter"},
			row{path: "/api/hit", name: byURL, answer: todayAndTotal},
			row{path: "/api/history", name: byURL, does: reads, answer: object(hitsHistory)},
		),
		of([]string{"pufler"},
			row{path: "/visits/{user}/{repository}", name: gitHubRepository("pufler"), answer: look{
				label: parameter{"label", "visits"}, labelColor: parameter{"labelColor", ""}, color: parameter{"color", "blue"}, styles: "style", wrong: bad,
			}.answer},
		),
		of([]string{"visitorbadge"},
			row{path: "/api/VisitorHit", name: byKey("visitorbadge", "user", "repo"), answer: look{
				label: parameter{"", "visitors"}, color: parameter{"countColor", "#263759"}, wrong: bad,
			}.answer},
			row{path: "/api/status", name: byKey("visitorbadge", "path"), does: reads, answer: object(visitorStatus)},
		),
		of([]string{"moe"},
			row{path: "/" + atName, name: at, does: shows, answer: display},
			row{path: "/get/" + atName, name: at, does: shows, answer: display},
			row{path: "/record/" + atName, name: at, answer: object(moeRecord)},
		),
	)
}

// keys are counters with a name, for programs.
func keys() []row {
	const space = "/v1/{space}/{key}"
	return slices.Concat(
		of([]string{"counterapi"},
			row{path: space + slash, name: spacedKey, does: reads, answer: spacedRecord},
			row{path: space + "/up" + slash, name: spacedKey, answer: object(spacedCounter)},
			row{path: space + "/down" + slash, name: spacedKey, does: denies, answer: object(spacedCounter)},
			row{path: space + "/set" + slash, name: spacedKey, does: sets, number: "count", answer: object(spacedCounter)},
			row{path: space + "/list" + slash, name: spacedKey, does: reads, answer: object(spacedList)},
		),
		// Both have the same addresses, and so the same keys.
		of([]string{"countapi", "abacus"},
			row{path: "/hit/" + inPath, name: apiKey, callback: "callback", orJSON: true, answer: keyNumber},
			row{path: "/get/" + inPath, name: apiKey, does: reads, callback: "callback", orJSON: true, answer: keyNumber},
			row{path: "/info/" + inPath, name: apiKey, does: reads, callback: "callback", orJSON: true, answer: keyInfo},
			row{path: "/set/" + inPath, name: apiKey, does: sets, number: "value", callback: "callback", orJSON: true, answer: keySet},
			row{path: "/update/" + inPath, name: apiKey, does: adds, number: "amount", callback: "callback", orJSON: true, answer: keyNumber},
			row{path: "/create", name: newKey, does: reads, callback: "callback", orJSON: true, answer: keyCreated},
		),
		of([]string{"abacus"},
			row{path: "/hit/" + inPath + "/shield", name: apiKey, answer: shield},
			row{path: "/get/" + inPath + "/shield", name: apiKey, does: reads, answer: shield},
			row{path: "/stream/" + inPath, name: apiKey, does: ignores, answer: keyStream},
		),
	)
}

// blogs are what scripts on the pages of a site call.
func blogs() []row {
	const put, post = http.MethodPut, http.MethodPost
	return slices.Concat(
		of([]string{"soxft", "vercount"},
			row{path: "/js", script: embed.Themes()},
		),
		of([]string{"busuanzi"},
			row{path: "/busuanzi/{file:.+}.js", script: embed.Themes()},
			row{path: "/busuanzi", name: asking, callback: "jsonpCallback", answer: busuanzi},
		),
		of([]string{"soxft"},
			row{path: "/api", name: asking, does: reads, answer: object(soxft)},
			row{method: post, path: "/api", name: asking, answer: object(soxft)},
			row{method: put, path: "/api", name: asking, answer: soxftSilent},
			row{path: "/jsonp", name: asking, callback: "callback", answer: soxftScript},
		),
		of([]string{"vercount"},
			row{path: "/log", name: indexedInQuery, does: reads, answer: object(vercount)},
			row{method: post, path: "/log", name: indexedInBody, answer: object(vercount)},
			row{path: "/api/v1/log", name: indexedInQuery, does: reads, answer: object(vercount)},
			row{method: post, path: "/api/v1/log", name: indexedInBody, answer: object(vercount)},
			row{path: "/api/v2/log", name: indexedInQuery, does: reads, answer: object(vercount2)},
			row{method: post, path: "/api/v2/log", name: indexedInBody, answer: object(vercount2)},
		),
		of([]string{"goatcounter"},
			row{path: "/count.js", script: embed.Goatcounter()},
			row{path: "/count", name: pathInQuery, answer: goatPixel},
			row{method: post, path: "/count", name: pathInQuery, answer: goatPixel},
			row{path: "/counter/{path:.+}.json", name: pathInPath, does: reads, answer: goatJSON},
			row{path: "/counter/{path:.+}.html", name: pathInPath, does: reads, answer: goatHTML},
			row{path: "/counter/{path:.+}.svg", name: pathInPath, does: reads, answer: goatSVG},
		),
	)
}

// shapes are badges whose addresses differ only in their form. A path with a dot in its first
// part is the address of a page. A path of two parts names a repository.
func shapes() []row {
	profile, hitsSh, dwyl := []string{"profile-counter"}, []string{"hits.sh"}, []string{"dwyl"}
	return slices.Concat(
		of(profile, row{path: "/{key}/count.svg", name: profileOf, answer: profileCount}),
		of(hitsSh,
			row{path: "/{uri:[^/]*[.].*}.preview{end:(?:[.]svg)?}", name: uri, does: reads, answer: hits},
			row{path: "/{uri:[^/]*[.].*}.svg", name: uri, answer: hits},
		),
		of(dwyl,
			row{path: "/{user}/{repository}.svg", name: gitHubRepository("dwyl"), answer: gitHubHits},
			row{path: "/{user}/{repository}.json", name: gitHubRepository("dwyl"), answer: gitHubEndpoint},
		),
		of(hitsSh, row{path: "/{uri:.*}.svg", name: uri, answer: hits}), // to say what is wrong with it
		of(profile, row{path: "/{key}/", name: profileOf, answer: object(profileKey)}),
	)
}
