// This module holds no code: Heroku's Go buildpack looks for a go.mod here, and go.work names the modules.

// +heroku goVersion go1.26
// +heroku install ./app
module example.com/herokuapp

go 1.26.0
