# keep FOLDER COMMAND…: runs a Postgres for as long as somebody uses it, then removes its folder; also where it ends by itself.
# Who uses it holds a shared lock on FOLDER/users; this holds one on FOLDER/keeper for as long as it runs.
folder=$1
shift
exec 8<>"$folder/keeper" 9<>"$folder/users"
# Whoever started this holds it for another moment.
flock --exclusive --wait 10 8 || exit 1
"$@" &
postgres=$!
end() {
    kill -QUIT "$postgres" 2>/dev/null
    wait "$postgres"
    rm -rf "$folder"
    exit
}
trap end TERM INT HUP
unused=0
while kill -0 "$postgres" 2>/dev/null; do
    sleep 1
    if flock --exclusive --nonblock 9; then
        unused=$((unused + 1))
        # With the lock: whoever comes now waits, and finds that the folder is gone.
        [ "$unused" -ge 3 ] && end
        flock --unlock 9
    else
        unused=0
    fi
done
end
