package cli
import ("testing";"os")
func TestZZDemo(t *testing.T){ d:=os.Getenv("DEMO"); if d==""{t.Skip()}; b,_:=os.ReadFile("/tmp/story.txt"); w,err:=newWorld(d); if err!=nil{t.Fatal(err)}; w.trees=true; if err:=w.tell(string(b)); err!=nil{t.Fatal(err)}}
