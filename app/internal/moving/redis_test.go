package moving_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/herokuapp/app/internal/moving"
	"example.com/herokuapp/counter-redis/redistest"
)

func hash(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestKeysOfOtherProgramsAreRead(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	today := time.Now().UTC()
	for key, value := range map[string]string{
		"pv:site:example.com": "100", "pv:page:example.com:/blog": "8", "pv:page:example.com:/": "3", "pv:site:other.example": "5", "pv:page:example.com:8080:/x": "2",
		"pv:page:example.com:/bad": "many", "uv:site:example.com": "9", "pv:site:": "4",
		"bsz:site_pv:" + hash("example.com"): "50", "bsz:site_pv:" + hash("old.example")[8:24]: "60",
		"hit:total:github.com/octo/cat": "40", "hit:daily:" + today.Format("20060102") + ":github.com/octo/cat": "4", "hit:total:example.com/": "1",
		"counter_key": "77", "views:example.com/blog": "1",
	} {
		if err := client.Set(t.Context(), key, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	client.SAdd(t.Context(), "pv:page:index:example.com", "/blog", "/")
	client.ZAdd(t.Context(), "bsz:page_pv:"+hash("example.com"), redis.Z{Score: 7, Member: hash("/blog")}, redis.Z{Score: 2, Member: hash("/blog/")}, redis.Z{Score: 1, Member: hash("/")})
	client.ZAdd(t.Context(), "bsz:page_pv:"+hash("old.example")[8:24], redis.Z{Score: 6, Member: hash("old.example&/a")[8:24]})
	before := client.DBSize(t.Context()).Val()

	database, err := moving.OpenDatabase(moving.DatabaseOptions{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	for _, test := range []struct {
		name string
		keys moving.Keys
		want []string
	}{
		{"vercount", moving.Keys{Kind: moving.Vercount}, []string{
			"site:example.com  100 redis/pv:site:example.com ", "site:other.example  5 redis/pv:site:other.example ", "views:example.com/  3 redis/pv:page:example.com:/ ",
			"views:example.com/blog  8 redis/pv:page:example.com:/blog ", "views:example.com:8080/x  2 redis/pv:page:example.com:8080:/x ",
		}},
		{"vercount of a host", moving.Keys{Kind: moving.Vercount, Host: "other.example"}, []string{"site:other.example  5 redis/pv:site:other.example "}},
		{"soxft", moving.Keys{Kind: moving.Soxft, Pages: "https://example.com/blog\nhttps://example.com/\nexample.com/none\nhttp://Old.example/a/?x#y"}, []string{
			"site:example.com  50 redis/bsz:site_pv:" + hash("example.com") + " ", "site:old.example  60 redis/bsz:site_pv:" + hash("old.example")[8:24] + " ",
			"views:example.com/  1 redis/bsz:page_pv:" + hash("example.com") + "/" + hash("/") + " ",
			"views:example.com/blog  2 redis/bsz:page_pv:" + hash("example.com") + "/" + hash("/blog/") + " ",
			"views:example.com/blog  7 redis/bsz:page_pv:" + hash("example.com") + "/" + hash("/blog") + " ",
			"views:old.example/a  6 redis/bsz:page_pv:" + hash("old.example")[8:24] + "/" + hash("old.example&/a")[8:24] + " ",
		}},
		{"soxft by a sitemap", moving.Keys{Kind: moving.Soxft, Host: "example.com", Pages: "<urlset><url><loc>\nhttps://example.com/blog</loc></url><url><loc>https://old.example/a</loc></url></urlset>"}, []string{
			"site:example.com  50 redis/bsz:site_pv:" + hash("example.com") + " ",
			"views:example.com/blog  2 redis/bsz:page_pv:" + hash("example.com") + "/" + hash("/blog/") + " ",
			"views:example.com/blog  7 redis/bsz:page_pv:" + hash("example.com") + "/" + hash("/blog") + " ",
		}},
		{"seeyoufarm", moving.Keys{Kind: moving.SeeYouFarm, Host: "github.com"}, []string{
			"views:github.com/octo/cat site:github.com 40 redis/hit:total:github.com/octo/cat " + today.Format(time.DateOnly) + "=4",
		}},
		{"django", moving.Keys{Kind: moving.Django}, []string{"counter_key  77 redis/counter_key "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.keys.Limit = 100
			finds, err := database.Read(t.Context(), test.keys)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, find := range finds {
				if err := find.Check(); err != nil {
					t.Errorf("%+v: %v", find, err)
				}
				got = append(got, fmt.Sprintf("%s %s %d %s %s", find.Name, find.Site, find.Total, find.Source, find.Past))
			}
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
	for want, keys := range map[string]moving.Keys{
		"is not a program":  {Kind: "mysql", Limit: 100},
		"has no such keys":  {Kind: moving.Vercount, Host: "nobody.example", Limit: 100},
		"paste the address": {Kind: moving.Soxft, Limit: 100},
		"more than 1 ":      {Kind: moving.Vercount, Limit: 1},
		"more than 2 ":      {Kind: moving.Soxft, Limit: 2, Pages: "a.b/c a.b/d a.b/e"},
	} {
		if _, err := database.Read(t.Context(), keys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", keys, err, want)
		}
	}
	if after := client.DBSize(t.Context()).Val(); after != before {
		t.Errorf("there were %d keys, and now there are %d", before, after)
	}
}

func TestTheAppsOwnRedisHasNothingOfDjangosToBring(t *testing.T) {
	server := redistest.Start(t)
	server.Client().Set(t.Context(), "counter_key", 5, 0)
	database, err := moving.OpenDatabase(moving.DatabaseOptions{URL: server.URL(), Own: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	if _, err := database.Read(t.Context(), moving.Keys{Kind: moving.Django, Limit: 1}); err == nil || !strings.Contains(err.Error(), "by itself") {
		t.Errorf("%v", err)
	}
}

func TestAddressesOfDatabasesHaveNoSecretsInErrors(t *testing.T) {
	for _, url := range []string{"http://:hunter2@host/", "redis://:hunter2@host/x", "redis://:hunter2@a:6379?addr=b:6379", ":hunter2"} {
		if _, err := moving.OpenDatabase(moving.DatabaseOptions{URL: url}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
	database, err := moving.OpenDatabase(moving.DatabaseOptions{URL: "redis://user:hunter2@127.0.0.1:1/3"})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	_, err = database.Read(t.Context(), moving.Keys{Kind: moving.Vercount, Limit: 1})
	if err == nil || strings.Contains(err.Error()+database.String(), "hunter2") || !strings.Contains(err.Error(), "127.0.0.1:1/3") {
		t.Errorf("%v", err)
	}
}
