// faultproxy: stands between a program and an S3 store and breaks the request that it is told to: the package
// remote/store/faultproxy as a program.
//
//	faultproxy [-unconditional] URL
//
// It prints the URL at which it listens, and then obeys lines of JSON on its standard input until that ends:
//
//	{"At": 3, "Fault": "cut after", "Times": 1, "Byte": 0}   the requests from now on are counted, and the third breaks;
//	                                                         it prints "met" when that happens, or, for what is done by
//	                                                         the store, has happened
//	{"At": -1}                                               nothing breaks; it prints all requests since the line
//	                                                         before as a line of JSON
//
// -unconditional makes the store one that does not know If-None-Match.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"sync"

	"snap/remote/store/faultproxy"
)

// order is a line of the standard input.
type order struct {
	At, Times int
	Fault     faultproxy.Fault
	Byte      int64
}

func main() {
	log.SetFlags(0)
	unconditional := flag.Bool("unconditional", false, "answer If-None-Match with 501")
	flag.Parse()
	p, err := faultproxy.New(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	p.Unconditional = *unconditional
	var mu sync.Mutex
	say := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(line)
	}
	say(p.URL())
	from := 0
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var o order
		if err := json.Unmarshal(in.Bytes(), &o); err != nil {
			log.Fatal(err)
		}
		all := p.Log()
		if o.At >= 0 {
			from = len(all)
			p.Break(faultproxy.Plan{At: o.At, Times: o.Times, Fault: o.Fault, Byte: o.Byte, Met: func() { say("met") }})
			continue
		}
		p.Break(faultproxy.Plan{})
		text, err := json.Marshal(all[from:])
		if err != nil {
			log.Fatal(err)
		}
		say(string(text))
	}
}
