package main

// choice says how package bots differs from crawler-user-agents. Its fields name patterns.
type choice struct {
	people    []string          // not bots
	libraries []string          // bots, though tagged http-library: they crawl by themselves
	narrowed  map[string]string // replaced by another, because browsers match them, too
	added     map[string]string // not listed, with an agent that matches
}

// chosen is the choice for the version that is pinned. Each of its patterns is listed
// there, and each that is tagged http-library is in people or libraries.
func chosen() choice {
	return choice{
		people: []string{
			// What a person runs by hand, or writes a few lines with.
			"[wW]get", "Python-urllib", "python-requests", "aiohttp", "httpx", "libwww-perl", "lwp-trivial", "httpunit",
			"Go-http-client", "Pcore-HTTP", "okhttp", `AHC\/`, "^Apache-HttpClient", "Jetty", "http_get", "axios",
			"HttpUrlConnection", "AnyEvent", "^curl", "^PHP-Curl-Class", "node-fetch", `sindresorhus\/got`, "[mM]echanize",
			"CustomAsyncHttpClient", `^HTTPie\/`, "Indy Library",
			// Proxies that fetch an image, or a page, because somebody looks at it.
			"github-camo", "GoogleImageProxy", "YahooMailProxy", "Slack-ImgProxy", `StartpagePrivateImageProxy\/`,
			`imgproxy\/`, "lyonl-asset-proxy", `ImageFetcher\/`, "Shortwave Image Fetcher", "FastmailUA", "Amazon CloudFront",
			// Not programs, but what is in the agents of the browsers inside Instagram and
			// Facebook: a build of Android 15 that many telephones have, and a name of Meta's.
			`AP3A\.240617\.008`, "MetaIAB Facebook",
		},
		libraries: []string{
			"phpcrawl", "HTTrack", "SimpleCrawler", "crawler4j", "Scrapy", `newspaper\/`, "BTWebClient", "python-opengraph",
			"ALittle Client", "colly", `Salesforce\.com`, "trafilatura", "Download Ninja", "GoParserBot", "larbin", "rawweb-bot",
		},
		narrowed: map[string]string{
			"Sogou":     `Sogou[ -]`,    // SogouMobileBrowser
			"Butterfly": `Butterfly\/`,  // the telephones HTC Butterfly
			`008\/`:     `(^| )008\/`,   // the end of a version
			`BW\/`:      `(^|[ (])BW\/`, // the end of a model's name, as of the next two
			`RED\/`:     `(^|[ (])RED\/`,
			`Make\/`:    `(^|[ (])Make\/`,
		},
		added: map[string]string{
			// Health checkers.
			`ELB-HealthChecker\/`:                    "ELB-HealthChecker/2.0",
			"Amazon-Route53-Health-Check-Service":    "Amazon-Route53-Health-Check-Service (ref 66e6d4b1; report http://amzn.to/1vsZADi)",
			"CloudWatchSynthetics":                   "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 Safari/537.36 CloudWatchSynthetics/arn:aws:synthetics",
			`GoogleHC\/`:                             "GoogleHC/1.0",
			`kube-probe\/`:                           "kube-probe/1.31",
			`Envoy\/HC`:                              "Envoy/HC",
			"Consul Health Check":                    "Consul Health Check",
			`^Prometheus\/`:                          "Prometheus/2.53.0",
			"Azure Traffic Manager Endpoint Monitor": "Azure Traffic Manager Endpoint Monitor",
			"Edge Health Probe":                      "Edge Health Probe",
			"DigitalOcean Uptime Probe":              "DigitalOcean Uptime Probe 0.22.0 (https://digitalocean.com)",
			`NewRelicPinger\/`:                       "NewRelicPinger/1.0 (1234567)",
			`^Gatus\/`:                               "Gatus/1.0",
			`RailwayHealthCheck\/`:                   "RailwayHealthCheck/1.0",
			`Datadog\/Synthetics`:                    "Datadog/Synthetics",
			// Link previews and checkers, feed readers, scanners.
			`Bluesky Cardyb\/`:             "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
			"kakaotalk-scrap":              "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
			"FeedFetcher-Google":           "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)",
			`lychee\/`:                     "lychee/0.15.1",
			`LinkChecker\/`:                "Mozilla/5.0 (compatible; LinkChecker/10.4; +https://linkchecker.github.io/linkchecker/)",
			`Sitebulb\/`:                   "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Sitebulb/7.0",
			`Podbean\/FeedUpdate`:          "Podbean/FeedUpdate 2.1",
			"Nuclei - Open-source project": "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)",
			// Whatever calls itself so.
			`[bB]ot\/`:     "SomeNewBot/1.0",
			`[cC]rawler\/`: "SomeNewCrawler/1.0",
			`[sS]pider\/`:  "SomeNewSpider/1.0",
			// Listed as the library they name.
			`^WGETbot\/`:    "WGETbot/1.0 (+http://wget.alanreed.org)",
			"^2Bone_LinkCh": "2Bone_LinkChecker/1.0 libwww-perl/6.03",
			"^amibot ":      "amibot - http://www.amidalla.de - tech@amidalla.com libwww-perl/5.831",
		},
	}
}
