package respond

import "net/http"

// ImageHeader returns the headers of an image that changes with each view, and of errors in
// its place, on pages of any site. Image proxies such as GitHub's
// cache whatever they may, and errors for days.
func ImageHeader() http.Header {
	return http.Header{
		"Cache-Control":                {"max-age=0, no-cache, no-store, must-revalidate"},
		"Content-Security-Policy":      {"default-src 'none'; sandbox"},
		"Cross-Origin-Resource-Policy": {"cross-origin"}, // pages of other sites show it
		"Access-Control-Allow-Origin":  {"*"},
	}
}

// pixel is an image of one transparent pixel.
const pixel = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

// Pixel answers with an image of one transparent pixel.
func Pixel(w http.ResponseWriter, status int) {
	Write(w, status, "image/gif", []byte(pixel))
}
