# keep FOLDER COMMAND…: runs a Postgres for as long as somebody uses it, then removes its folder. Who uses it holds a
# shared lock on FOLDER/users.
folder=$1
shift
exec 9<>"$folder/users"
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
