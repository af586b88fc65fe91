module github.com/b2bprism/b2bprism/store/sqlstore

go 1.26.0

replace github.com/b2bprism/b2bprism => ../..

require github.com/b2bprism/b2bprism v0.0.0
