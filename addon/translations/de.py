"""German."""

# fmt: off
WORDS: dict[str, str] = {
    "'{}' cannot name a preset: use letters, digits, spaces, _ . + and -":
        "„{}“ kann kein Name einer Vorgabe sein: Buchstaben, Ziffern, Leerzeichen, _ . + und - sind "
        "erlaubt",
    "'{}' is a built-in {} preset; choose another name":
        "„{}“ ist eine mitgelieferte Vorgabe ({}); wählen Sie einen anderen Namen",
    "'{}' is built in and stays as it is": "„{}“ ist mitgeliefert und bleibt, wie sie ist",
    "0 at the first pixel's center and 1 at the last one's":
        "0 in der Mitte des ersten Pixels und 1 in der des letzten",
    "3DEqualizer": "3DEqualizer",
    "; make an evenly timed copy": "; erstellen Sie eine gleichmäßig getaktete Kopie",
    "; make an image sequence": "; erstellen Sie eine Bildsequenz",
    "A .chan has no lens shift: it is left out": "Eine .chan kennt keinen Linsenversatz: er fällt weg",
    "A camera takes {} tracks": "Eine Kamera braucht {} Spuren",
    "A camera that Blender knows": "Eine Kamera, die Blender kennt",
    "A clip has one lens, and this one zooms": "Ein Clip hat eine Linse, und diese zoomt",
    "A copy is being made": "Eine Kopie wird gerade erstellt",
    "A copy of the clip is being made": "Eine Kopie des Clips wird gerade erstellt",
    "A cross for each track that the solve leaves out; the chosen one says why":
        "Ein Kreuz für jede Spur, die die Lösung auslässt; die gewählte sagt, warum",
    "A cube on the floor, to see whether the camera holds":
        "Ein Würfel auf dem Boden, um zu sehen, ob die Kamera hält",
    "A distort map from another program, used in place of the clip's lens; empty: the lens":
        "Eine Distort-Map aus einem anderen Programm, anstelle der Linse des Clips benutzt; leer: die"
        " Linse",
    "A dot for each track, from cyan (exact) to red": "Ein Punkt für jede Spur, von Türkis (genau) bis Rot",
    "A focal length of {} mm is nothing for Blender's solver":
        "Eine Brennweite von {} mm ist nichts für Blenders Löser",
    "A folder of pictures": "Ein Ordner voller Bilder",
    "A grid on the ground that was found in the solve":
        "Ein Gitter auf dem Boden, der in der Lösung gefunden wurde",
    "A ground that shows only the shadows on it, with a soft sun; sets the engine to Cycles":
        "Ein Boden, der nur die Schatten auf ihm zeigt, mit einer weichen Sonne; stellt die Engine "
        "auf Cycles",
    "A line a frame: place, angles and field of view (.chan)":
        "Eine Zeile je Frame: Ort, Winkel und Bildwinkel (.chan)",
    "A picture of your own": "Ein eigenes Bild",
    "A process is at work on it; cancel that first": "Ein Prozess arbeitet daran; brechen Sie ihn zuerst ab",
    "A shaking camera with some motion blur": "Eine wackelnde Kamera mit etwas Bewegungsunschärfe",
    "A shutter of your own": "Ein eigener Verschluss",
    "A small object close by, with a shallow depth of field":
        "Ein kleiner Gegenstand aus der Nähe, mit geringer Schärfentiefe",
    "Add": "Hinzufügen",
    "Add Composite Preset": "Composite-Vorgabe hinzufügen",
    "Add Tracking Preset": "Tracking-Vorgabe hinzufügen",
    "Add the tracks of a text file to the clip: name, frame, x and y a line, or what 3DEqualizer "
    "exports":
        "Die Spuren einer Textdatei zum Clip hinzufügen: je Zeile Name, Frame, x und y, oder was "
        "3DEqualizer exportiert",
    "AgX shows no fully saturated colours: where the plate has them they come out paler":
        "AgX zeigt keine voll gesättigten Farben: wo die Aufnahme sie hat, kommen sie blasser heraus",
    "Alembic": "Alembic",
    "All Sessions": "Alle Sitzungen",
    "All there is to tell, for looking for a fault": "Alles, was zu sagen ist, um einen Fehler zu suchen",
    "All tracks that the session keeps are in the clip":
        "Alle Spuren, die die Sitzung aufbewahrt, sind im Clip",
    "All tracks were kept already": "Alle Spuren waren schon aufbewahrt",
    "An empty a track, with its name": "Ein Empty je Spur, mit ihrem Namen",
    "An image sequence is evenly timed already": "Eine Bildsequenz ist schon gleichmäßig getaktet",
    "Apply": "Anwenden",
    "As": "Als",
    "As in Scene": "Wie in der Szene",
    "As the Plate": "Wie die Aufnahme",
    "Assemble Shot": "Shot bauen",
    "At Work": "Bei der Arbeit",
    "Auto Scale": "Autom. skalieren",
    "Automatic Overscan": "Autom. Overscan",
    "Average Error": "Mittl. Fehler",
    "Background": "Hintergrund",
    "Background & Blend": "Hintergrund & Mischung",
    "Bake Camera": "Kamera backen",
    "Baked": "Gebacken",
    "Bend the CG to the plate's lens; the plate stays as it was filmed":
        "Die CG in die Linse der Aufnahme biegen; die Aufnahme bleibt, wie sie gefilmt wurde",
    "Bent to the Lens": "In die Linse gebogen",
    "Beside the .blend or the footage": "Neben der .blend oder der Aufnahme",
    "Blend": "Mischung",
    "Blender Is Solving": "Blender löst",
    "Blender cannot read this clip": "Blender kann diesen Clip nicht lesen",
    "Blender did not draw the mask {}{}": "Blender hat die Maske {} nicht gezeichnet{}",
    "Blender finds no picture in {}": "Blender findet kein Bild in {}",
    "Blender finds {} frames where {} are in the footage":
        "Blender findet {} Frames, wo {} in der Aufnahme sind",
    "Blender found no camera": "Blender hat keine Kamera gefunden",
    "Blender found no camera for {} of {} frames": "Blender hat für {} von {} Frames keine Kamera gefunden",
    "Blender has no camera preset '{}'{}": "Blender hat keine Kameravorgabe „{}“{}",
    "Blender has no lens distortion model {}": "Blender hat kein Modell {} für die Linsenverzerrung",
    "Blender has no window area to run its clip operators in":
        "Blender hat keinen Fensterbereich, um seine Clip-Operatoren auszuführen",
    "Blender has not begun to solve": "Blender hat nicht angefangen zu lösen",
    "Blender is solving the clip": "Blender löst den Clip",
    "Blender shows other pictures than the footage has (at frame {} it shows frame {})":
        "Blender zeigt andere Bilder, als in der Aufnahme sind (bei Frame {} zeigt es Frame {})",
    "Blender solved other frames": "Blender hat andere Frames gelöst",
    "Blender's camera shows the scene {} px away from ours":
        "Blenders Kamera zeigt die Szene {} px neben unserer",
    "Blender's own Alembic exporter (.abc)": "Blenders eigener Alembic-Export (.abc)",
    "Blender's own FBX exporter (.fbx)": "Blenders eigener FBX-Export (.fbx)",
    "Blender's own USD exporter (.usdc; .usda for text)":
        "Blenders eigener USD-Export (.usdc; .usda für Text)",
    "Blender's own tools, for tracks of your own": "Blenders eigene Werkzeuge, für eigene Spuren",
    "Blur of the caught shadow": "Unschärfe des aufgefangenen Schattens",
    "Bottom Left": "Unten links",
    "Bring all frames to one; off: smooth them": "Alle Frames auf einen bringen; aus: glätten",
    "Build the chosen composite into the scene's compositor tree, in a node group of its own. "
    "Your nodes stay as they are; another preset changes only that group":
        "Den gewählten Composite in den Compositor-Baum der Szene bauen, in eine eigene Node-Gruppe. "
        "Ihre Nodes bleiben, wie sie sind; eine andere Vorgabe ändert nur diese Gruppe",
    "Build the shot of the shot file into this scene. Only what has changed since is built again,"
    " and what you changed by hand stays. Where there is tracking left to do, that is started "
    "first":
        "Den Shot der Shot-Datei in diese Szene bauen. Nur was sich seitdem geändert hat, wird neu "
        "gebaut, und was Sie von Hand geändert haben, bleibt. Ist noch zu verfolgen, beginnt das "
        "zuerst",
    "Buildings and rooms; long tracks on many sharp corners":
        "Gebäude und Räume; lange Spuren an vielen scharfen Ecken",
    "Built: {}": "Gebaut: {}",
    "By the tracks that are selected": "Nach den ausgewählten Spuren",
    "By {} tracks": "Nach {} Spuren",
    "CG away from it is less sure": "CG abseits davon sitzt weniger sicher",
    "CG added to the footage as light, for glows, sparks and screens":
        "CG als Licht zur Aufnahme addiert, für Leuchten, Funken und Bildschirme",
    "CG bent to the plate's lens, over the untouched footage":
        "CG in die Linse der Aufnahme gebogen, über der unberührten Aufnahme",
    "CG over the footage, its shadow as a pass of its own that is multiplied into the plate":
        "CG über der Aufnahme, ihr Schatten als eigener Pass in die Aufnahme multipliziert",
    "CG over the footage, the finished picture steadied": "CG über der Aufnahme, das fertige Bild beruhigt",
    "CG over the footage, with its shadow caught on the ground":
        "CG über der Aufnahme, ihr Schatten auf dem Boden aufgefangen",
    "CG over the plate and nothing else, no shadow": "CG über der Aufnahme und sonst nichts, kein Schatten",
    "CG screened on Plate": "CG negativ auf die Aufnahme",
    "CG screened onto the footage, for reflections, haze and holograms":
        "CG negativ in die Aufnahme multipliziert, für Spiegelungen, Dunst und Hologramme",
    "CG without Faint Shadow": "CG ohne schwachen Schatten",
    "Camera": "Kamera",
    "Camera Height": "Kamerahöhe",
    "Camera Presets": "Kameravorgaben",
    "Camera written: {}": "Kamera geschrieben: {}",
    "Cancel": "Abbrechen",
    "Cancel Tracking": "Verfolgen abbrechen",
    "Change the settings of the chosen preset, which is your own":
        "Die Einstellungen der gewählten, eigenen Vorgabe ändern",
    "Changed Tracks": "Geänderte Spuren",
    "Check Footage": "Aufnahme prüfen",
    "Checkpoint Tracks": "Spuren sichern",
    "Choose a file to read": "Wählen Sie eine Datei zum Lesen",
    "Choose a file to write": "Wählen Sie eine Datei zum Schreiben",
    "Choose a picture": "Wählen Sie ein Bild",
    "Choose a session in the list first": "Wählen Sie zuerst eine Sitzung in der Liste",
    "Choose a shot file": "Wählen Sie eine Shot-Datei",
    "Choose the footage's file or folder": "Wählen Sie Datei oder Ordner der Aufnahme",
    "Choose the shot file of this scene. It is checked as a whole, and mistakes are shown with "
    "their lines; nothing is built yet":
        "Die Shot-Datei dieser Szene wählen. Sie wird als Ganzes geprüft, und Fehler werden mit ihren"
        " Zeilen gezeigt; gebaut wird noch nichts",
    "Choose where the footage of the clip's session is now: its file, or a folder to look in. It "
    "is known by its content; other footage is refused":
        "Wählen, wo die Aufnahme der Sitzung des Clips jetzt ist: ihre Datei oder ein Ordner, in dem "
        "gesucht wird. Sie wird an ihrem Inhalt erkannt; andere Aufnahmen werden abgelehnt",
    "Choose whether the camera follows the clip's solve or has keys of its own; it stays put":
        "Wählen, ob die Kamera der Lösung des Clips folgt oder eigene Keys hat; sie bleibt, wo sie "
        "ist",
    "Cleaning Tracks": "Säubert Spuren",
    "Looking Again": "Sieht noch einmal hin",
    "What the camera is known to do: anything, move, or only turn where it stands, as on a tripod":
        "Was die Kamera bekanntlich tut: irgendetwas, sich bewegen oder nur schwenken, wie vom Stativ",
    "Any": "Beliebig",
    "Moves": "Bewegt sich",
    "Turns": "Schwenkt nur",
    "Clip": "Clip",
    "Color": "Farbe",
    "Complete": "Vollständig",
    "Composite": "Composite",
    "Composite Preset": "Composite-Vorgabe",
    "Composite Presets": "Composite-Vorgaben",
    "Compositor Nodes: on (was {})": "Compositor-Nodes: an (war {})",
    "Copy Bug Report": "Fehlerbericht kopieren",
    "Copy versions, the clip and its session, and the end of the session's log, to be pasted into"
    " a bug report. Nothing is sent anywhere":
        "Versionen, den Clip und seine Sitzung und das Ende ihres Protokolls kopieren, um sie in "
        "einen Fehlerbericht einzufügen. Nichts wird irgendwohin gesendet",
    "Copying {share}": "Kopiere {share}",
    "Corner Pin": "Eckpunkte",
    "Coverage": "Abdeckung",
    "Created": "Angelegt",
    "Cycles' Shadow Catcher pass, where the composite uses it":
        "Der Pass „Shadow Catcher“ von Cycles, wo der Composite ihn benutzt",
    "Damaged": "Beschädigt",
    "Data, each pixel taken whole": "Daten, jedes Pixel ganz genommen",
    "Delete": "Löschen",
    "Delete Composite Preset": "Composite-Vorgabe löschen",
    "Delete Preset?": "Vorgabe löschen?",
    "Delete Session?": "Sitzung löschen?",
    "Delete Tracking Preset": "Tracking-Vorgabe löschen",
    "Delete the chosen preset, which is your own, from disk. This cannot be undone":
        "Die gewählte, eigene Vorgabe von der Platte löschen. Das kann nicht rückgängig gemacht "
        "werden",
    "Delete the session's file and its log from disk. What is in the clip stays":
        "Die Datei der Sitzung und ihr Protokoll von der Platte löschen. Was im Clip ist, bleibt",
    "Deleted: {}": "Gelöscht: {}",
    "Density": "Dichte",
    "Description": "Beschreibung",
    "Detect Features": "Merkmale finden",
    "Distance": "Abstand",
    "Distort CG": "CG verzerren",
    "Distortion": "Verzerrung",
    "Done: {name}": "Fertig: {name}",
    "Draw what the solve is worth over the clip": "Über dem Clip zeichnen, was die Lösung wert ist",
    "Dry Run": "Probelauf",
    "Edit Tracking Preset": "Tracking-Vorgabe bearbeiten",
    "Edit…": "Bearbeiten…",
    "Empties": "Empties",
    "Enable What Is Needed": "Nötiges einschalten",
    "End": "Ende",
    "Enlarge until no black edge shows": "Vergrößern, bis kein schwarzer Rand zu sehen ist",
    "Error by Frame": "Fehler je Frame",
    "Everything": "Alles",
    "Export 2D Tracks": "2D-Spuren exportieren",
    "Export 2D Tracks…": "2D-Spuren exportieren…",
    "Export Camera": "Kamera exportieren",
    "Export Composite Preset": "Composite-Vorgabe exportieren",
    "Export Tracking Preset": "Tracking-Vorgabe exportieren",
    "Export…": "Exportieren…",
    "FBX": "FBX",
    "Factor": "Faktor",
    "Failed": "Fehlgeschlagen",
    "Failed at frame {frame} of {last}": "Fehlgeschlagen bei Frame {frame} von {last}",
    "Failed at the start": "Am Anfang fehlgeschlagen",
    "Failed while solving": "Beim Lösen fehlgeschlagen",
    "Fewer and smaller patches, for a first look": "Weniger und kleinere Muster, für einen ersten Blick",
    "Film Transparent": "Film transparent",
    "Find": "Suchen",
    "Find Floor": "Boden suchen",
    "Find Footage": "Aufnahme suchen",
    "Find Footage…": "Aufnahme suchen…",
    "Find the camera anew from the tracks as they are now, yours and those of the session, with "
    "their weights. Nothing is tracked. Where the clip has only tracks of yours, they alone are "
    "solved":
        "Die Kamera aus den Spuren neu finden, wie sie jetzt sind, Ihren und denen der Sitzung, mit "
        "ihren Gewichten. Nichts wird verfolgt. Hat der Clip nur eigene Spuren, werden nur sie gelöst",
    "Find the focal length": "Die Brennweite finden",
    "Find the lens distortion": "Die Linsenverzerrung finden",
    "Find where the lens's axis meets the picture; for plates that were cropped":
        "Finden, wo die Achse der Linse das Bild trifft; für beschnittene Aufnahmen",
    "First Frame": "Erster Frame",
    "First Pixel": "Erstes Pixel",
    "Floor": "Boden",
    "Floor {}{}": "Boden: {}{}",
    "Floor, Origin, Scale": "Boden, Ursprung, Maßstab",
    "Floor: {how}": "Boden: {how}",
    "Focal Length": "Brennweite",
    "Follow the plane track as it is changed, from Blender 4.5; off: keyed":
        "Der Flächenspur folgen, wenn sie geändert wird, ab Blender 4.5; aus: mit Keys",
    "Footage": "Aufnahme",
    "Footage frame to lock to, 1 the first": "Frame der Aufnahme, auf den gesperrt wird; 1 ist der erste",
    "For most footage": "Für die meisten Aufnahmen",
    "Format": "Format",
    "Found": "Gefunden",
    "Found, {} sure": "Gefunden, {} sicher",
    "Frame": "Frame",
    "Frame Start": "Erster Frame",
    "Frame {}: {} px": "Frame {}: {} px",
    "Frames": "Frames",
    "Frames between two looks for new points": "Frames zwischen zwei Suchen nach neuen Punkten",
    "Frames held in memory, and how far back a new point is followed":
        "Frames im Speicher, und wie weit zurück ein neuer Punkt verfolgt wird",
    "Frames in Memory": "Frames im Speicher",
    "From the air; fine texture far away that moves little":
        "Aus der Luft; feine Struktur weit weg, die sich wenig bewegt",
    "Further Reasons": "Weitere Gründe",
    "Give focal length and sensor, by Blender's camera presets or by hand, and find the camera "
    "anew with them from the tracks as they are. Nothing is tracked":
        "Brennweite und Sensor angeben, nach Blenders Kameravorgaben oder von Hand, und die Kamera "
        "damit aus den Spuren, wie sie sind, neu finden. Es wird nichts verfolgt",
    "Give the CG the plate's grain": "Der CG das Korn der Aufnahme geben",
    "Give the chosen preset, which is your own, another name. Clips of this file follow":
        "Der gewählten, eigenen Vorgabe einen anderen Namen geben. Clips dieser Datei folgen",
    "Give the chosen preset, which is your own, another name. Scenes of this file follow":
        "Der gewählten, eigenen Vorgabe einen anderen Namen geben. Szenen dieser Datei folgen",
    "Give the scene the camera of a file, as keys: a .chan, Alembic, FBX or USD file, or "
    "images.txt of a COLMAP model. It takes the place of the solved one":
        "Der Szene die Kamera einer Datei geben, als Keys: eine .chan-, Alembic-, FBX- oder USD-Datei"
        " oder images.txt eines COLMAP-Modells. Sie tritt an die Stelle der gelösten",
    "Give the scene the clip's frame rate, first and last frame":
        "Der Szene Bildrate, ersten und letzten Frame des Clips geben",
    "Give the scene the solved camera with the footage behind it, a shadow catcher, the "
    "composite, and the clip's size, rate and frames. Again, it brings these up to date":
        "Der Szene die gelöste Kamera mit der Aufnahme dahinter geben, einen Schattenfänger, den "
        "Composite und Größe, Rate und Frames des Clips. Noch einmal bringt sie auf den neuesten "
        "Stand",
    "Give the selected tracks no weight, and find the camera anew without them. They stay in the "
    "clip; with their weight back, the next Solve Again counts them in":
        "Den ausgewählten Spuren ihr Gewicht nehmen und die Kamera ohne sie neu finden. Sie bleiben "
        "im Clip; mit ihrem Gewicht zählt das nächste Neu lösen sie wieder mit",
    "Give the world its size by the camera's height above the floor at the current frame":
        "Der Welt ihre Größe durch die Höhe der Kamera über dem Boden im aktuellen Frame geben",
    "Give the world its size by the known distance between the two selected tracks":
        "Der Welt ihre Größe durch den bekannten Abstand der zwei ausgewählten Spuren geben",
    "Go On": "Weiter",
    "Go on with this clip's interrupted session, from its last saved step":
        "Mit der unterbrochenen Sitzung dieses Clips weitermachen, ab ihrem letzten gesicherten "
        "Schritt",
    "Go to the frame with the largest error; pressed again, to the next worst":
        "Zum Frame mit dem größten Fehler gehen; noch einmal gedrückt, zum nächstschlechten",
    "Go to the last frame that the clip's session has tracked":
        "Zum letzten Frame gehen, den die Sitzung des Clips verfolgt hat",
    "Good": "Gut",
    "Grain": "Korn",
    "Half a Pixel": "Ein halbes Pixel",
    "Have the selected objects stand for real things: they hide the CG behind them and are not "
    "seen themselves. With nothing selected, there are none":
        "Die ausgewählten Objekte für wirkliche Dinge stehen lassen: sie verdecken die CG hinter sich"
        " und sind selbst nicht zu sehen. Ist nichts ausgewählt, gibt es keine",
    "Height": "Höhe",
    "Hold the finished picture still by its tracks": "Das fertige Bild nach seinen Spuren ruhig halten",
    "How alike a patch has to stay to the one where its track began":
        "Wie ähnlich ein Muster dem bleiben muss, bei dem seine Spur begann",
    "How dark the caught shadow is": "Wie dunkel der aufgefangene Schatten ist",
    "How far the CG is smeared by its movement": "Wie weit die CG durch ihre Bewegung verwischt wird",
    "How far to look away, in pictures": "Wie weit daneben zu sehen ist, in Bildern",
    "How far to look away, in pixels": "Wie weit daneben zu sehen ist, in Pixeln",
    "How high above the floor the camera was at the current frame":
        "Wie hoch über dem Boden die Kamera im aktuellen Frame war",
    "How high above the floor the camera was; left out, what the sidebar says":
        "Wie hoch über dem Boden die Kamera war; weggelassen: was in der Seitenleiste steht",
    "How long it is open, in frames": "Wie lange er offen ist, in Frames",
    "How many": "Wie viele",
    "How much of the CG is seen": "Wie viel von der CG zu sehen ist",
    "How much of the movement goes, but for a pan":
        "Wie viel von der Bewegung verschwindet, außer einem Schwenk",
    "How the CG lies on the background": "Wie die CG auf dem Hintergrund liegt",
    "How the plate's lens and the straight CG come together":
        "Wie die Linse der Aufnahme und die gerade CG zusammenkommen",
    "Image": "Bild",
    "Import 2D Tracks": "2D-Spuren importieren",
    "Import 2D Tracks…": "2D-Spuren importieren…",
    "Import Camera": "Kamera importieren",
    "Import Composite Preset": "Composite-Vorgabe importieren",
    "Import Tracking Preset": "Tracking-Vorgabe importieren",
    "Import…": "Importieren…",
    "Information": "Information",
    "Interrupted": "Unterbrochen",
    "Interrupted at frame {frame} of {last}": "Unterbrochen bei Frame {frame} von {last}",
    "Interrupted at the start": "Am Anfang unterbrochen",
    "Interrupted while solving": "Beim Lösen unterbrochen",
    "It is stopping already": "Es hält schon an",
    "It was built for {} and the render is {} now: apply again":
        "Gebaut für {}, das Rendern ist jetzt {}: neu anwenden",
    "Keep AgX or Filmic for the CG; the plate goes through its inverse and comes out as filmed":
        "AgX oder Filmic für die CG behalten; die Aufnahme geht durch die Umkehrung und kommt heraus,"
        " wie sie gefilmt wurde",
    "Keep Mine": "Meine behalten",
    "Find Principal Point": "Hauptpunkt finden",
    "Find where the lens's axis meets the picture, too: for plates that were cropped to one side":
        "Auch finden, wo die Linsenachse das Bild trifft: für Plates, die einseitig beschnitten wurden",
    "Keep the clip's focal length, sensor width and distortion as they are; off: find them":
        "Brennweite, Sensorbreite und Verzerrung des Clips lassen, wie sie sind; aus: sie finden",
    "Keep the tracks that you made or changed, as they are now, in the clip's session; one is "
    "begun where there is none. Saving the file does the same":
        "Die Spuren, die Sie angelegt oder geändert haben, so in der Sitzung des Clips aufbewahren; "
        "gibt es keine, wird eine begonnen. Speichern der Datei tut dasselbe",
    "Kind": "Art",
    "Lay the world so that the selected track, or the middle of several, is the origin. The floor"
    " keeps its height where they lie on it":
        "Die Welt so legen, dass die ausgewählte Spur oder die Mitte von mehreren der Ursprung ist. "
        "Der Boden behält seine Höhe, wo sie auf ihm liegen",
    "Lay the world so that the selected tracks, three or more, are the floor, and their middle is"
    " the origin. The camera moves, or its parent; your scene stays where it is":
        "Die Welt so legen, dass die ausgewählten Spuren, drei oder mehr, der Boden sind und ihre "
        "Mitte der Ursprung. Die Kamera bewegt sich oder was sie trägt; Ihre Szene bleibt, wo sie ist",
    "Least Correlation": "Kleinste Ähnlichkeit",
    "Leave both as they are": "Beide lassen, wie sie sind",
    "Leave it as it is, for grading what is saved as EXR":
        "Lassen, wie sie ist, um als EXR Gespeichertes zu graden",
    "Leave out tracks that are not selected": "Spuren weglassen, die nicht ausgewählt sind",
    "Leave out tracks that have no weight in the solve":
        "Spuren weglassen, die in der Lösung kein Gewicht haben",
    "Leave the scene's motion blur as it is": "Die Bewegungsunschärfe der Szene lassen, wie sie ist",
    "Left Out": "Ausgelassen",
    "Left out: {why}": "Ausgelassen: {why}",
    "Lens": "Linse",
    "Lens Known": "Linse bekannt",
    "Let the tracking process give way to Blender and other programs":
        "Den Tracking-Prozess Blender und anderen Programmen den Vortritt lassen",
    "Light from HDRI": "Licht aus HDRI",
    "Light the scene by a picture of its surroundings, in a world of its own":
        "Die Szene durch ein Bild ihrer Umgebung beleuchten, in einer eigenen Welt",
    "Linear Rec.709": "Linear Rec.709",
    "Live": "Mitlaufend",
    "Live Camera": "Kamera folgt",
    "Lock to a Frame": "Auf Frame sperren",
    "Log Level": "Protokollstufe",
    "Look again for sessions beside the clips, beside this file, and in the session folder":
        "Noch einmal nach Sitzungen neben den Clips, neben dieser Datei und im Sitzungsordner sehen",
    "Look for the largest level plane below the camera among all solved tracks and lay the world "
    "on it. The size stays as it is":
        "Die größte ebene Fläche unter der Kamera unter allen gelösten Spuren suchen und die Welt "
        "darauf legen. Die Größe bleibt, wie sie ist",
    "Look the footage over: its size, rate and timing, and whether Blender shows the frames that "
    "are in it":
        "Die Aufnahme durchsehen: Größe, Rate und Takt, und ob Blender die Frames zeigt, die darin "
        "sind",
    "Looking at the footage": "Sieht die Aufnahme durch",
    "Low Priority": "Niedrige Priorität",
    "Make the straight picture as much larger as it takes to leave none of the plate empty":
        "Das gerade Bild so viel größer machen, dass von der Aufnahme nichts leer bleibt",
    "Margin": "Rand",
    "Mask": "Maske",
    "Make a ground that shows only the shadows on it, as large as the camera sees, with a soft "
    "sun where there is none of ours. Again, it is fitted to what the camera sees and how the "
    "light is now":
        "Einen Boden anlegen, der nur die Schatten auf ihm zeigt, so groß, wie die Kamera sieht, mit "
        "einer weichen Sonne, wo keine von uns ist. Noch einmal wird er an Blick und Licht von jetzt "
        "angepasst",
    "Make a preset of your own, beginning with the settings of the chosen one":
        "Eine eigene Vorgabe anlegen, ausgehend von den Einstellungen der gewählten",
    "Make an Evenly Timed Copy": "Gleichmäßig getaktete Kopie erstellen",
    "Make an Image Sequence": "Bildsequenz erstellen",
    "Make this session the clip's, where it is of the same footage; one that is not done goes on":
        "Diese Sitzung zu der des Clips machen, wo sie von derselben Aufnahme ist; eine, die nicht "
        "fertig ist, geht weiter",
    "Makes camera, shadow catcher and composite; sets size, frames and Cycles":
        "Legt Kamera, Schattenfänger und Composite an; setzt Größe, Frames und Cycles",
    "Mark Gaps": "Lücken markieren",
    "Measure the plate's shutter and set the scene's to it":
        "Den Verschluss der Aufnahme messen und den der Szene darauf setzen",
    "Mesh": "Mesh",
    "Millimetres": "Millimeter",
    "More points, matched more strictly; slower": "Mehr Punkte, strenger verglichen; langsamer",
    "Motion Blur": "Bewegungsunschärfe",
    "Multiply": "Multiplizieren",
    "Name": "Name",
    "Name, frame, x and y, parted by tabs, after a header with the frame's size":
        "Name, Frame, x und y, durch Tabs getrennt, nach einem Kopf mit der Größe des Frames",
    "New Points Every": "Neue Punkte alle",
    "No clear floor ({} sure): check where it lies": "Kein klarer Boden ({} sicher): prüfen Sie, wo er liegt",
    "No clear floor was found: check where it lies, or set it by tracks":
        "Kein klarer Boden wurde gefunden: prüfen Sie, wo er liegt, oder setzen Sie ihn nach Spuren",
    "No clip": "Kein Clip",
    "No composite of Tracked Shot is in this scene": "Kein Composite von Tracked Shot ist in dieser Szene",
    "No copy is being made": "Es wird keine Kopie erstellt",
    "No frame has an error to show": "Kein Frame hat einen Fehler, der zu zeigen wäre",
    "No frame of this clip was tracked yet": "Noch kein Frame dieses Clips wurde verfolgt",
    "No object hides the CG": "Kein Objekt verdeckt die CG",
    "No picture of the clip is known to be missing": "Von keinem Bild des Clips ist bekannt, dass es fehlt",
    "No session found": "Keine Sitzung gefunden",
    "No session of this clip is done": "Keine Sitzung dieses Clips ist fertig",
    "No session of this clip waits": "Keine Sitzung dieses Clips wartet",
    "No session of this clip yet": "Noch keine Sitzung dieses Clips",
    "No shadow catcher of Tracked Shot is in this scene":
        "Kein Schattenfänger von Tracked Shot ist in dieser Szene",
    "No shot file yet": "Noch keine Shot-Datei",
    "Nodes changed by hand inside the group are kept in {}":
        "Von Hand geänderte Nodes der Gruppe sind aufbewahrt in {}",
    "Nodes inside the Tracked Shot group were changed by hand":
        "Nodes in der Gruppe von Tracked Shot wurden von Hand geändert",
    "None": "Keine",
    "None of the solve's tracks is in the clip": "Keine Spur der Lösung ist im Clip",
    "Not in the tree": "Nicht im Baum",
    "Not taken in: you changed tracks ({changes})": "Nicht übernommen: Sie haben Spuren geändert ({changes})",
    "Nothing applied yet": "Noch nichts angewandt",
    "Nothing has changed": "Nichts hat sich geändert",
    "Nothing is to be decided for this clip": "Für diesen Clip ist nichts zu entscheiden",
    "Nothing is wrong with the footage": "Mit der Aufnahme ist alles in Ordnung",
    "Nothing of Tracked Shot is in this scene": "Nichts von Tracked Shot ist in dieser Szene",
    "Nothing wrong with {}": "Nichts auszusetzen an {}",
    "Nothing: the CG alone, with its alpha": "Nichts: die CG allein, mit ihrem Alpha",
    "Nuke": "Nuke",
    "Number of the clip's first frame": "Nummer des ersten Frames des Clips",
    "Offsets": "Versätze",
    "Offsets in Pixels": "Versätze in Pixeln",
    "One color all over": "Überall eine Farbe",
    "One gap marked": "Eine Lücke markiert",
    "One mesh of vertices": "Ein Mesh aus Punkten",
    "One movie file": "Eine Filmdatei",
    "One of your tracks is in the session, not in the clip":
        "Eine Ihrer Spuren ist in der Sitzung, nicht im Clip",
    "One thing to know; see the Clip panel": "Ein Hinweis; siehe Bereich Clip",
    "Only Enabled": "Nur mit Gewicht",
    "Only Selected": "Nur ausgewählte",
    "Only {} tracks are seen in both keyframes; Blender's solver takes {}":
        "Nur {} Spuren sind in beiden Keyframes zu sehen; Blenders Löser braucht {}",
    "Open Log": "Protokoll öffnen",
    "Open Report": "Bericht öffnen",
    "Open Shot File": "Shot-Datei öffnen",
    "Open a clip to begin": "Öffnen Sie zu Beginn einen Clip",
    "Open a movie clip first": "Öffnen Sie zuerst einen Filmclip",
    "Open a shot file first": "Öffnen Sie zuerst eine Shot-Datei",
    "Open the folder that the session's file is in": "Den Ordner öffnen, in dem die Datei der Sitzung liegt",
    "Open the log of the clip's tracking process as a text":
        "Das Protokoll des Tracking-Prozesses des Clips als Text öffnen",
    "Open the session's clip first": "Öffnen Sie zuerst den Clip der Sitzung",
    "Open…": "Öffnen…",
    "Origin": "Ursprung",
    "Output": "Ausgabe",
    "Over": "Über",
    "Overlay": "Overlay",
    "Overscan": "Overscan",
    "Pack the files: half the size, but much slower to write":
        "Die Dateien packen: halb so groß, aber viel langsamer zu schreiben",
    "Parts of a Pixel": "Teile eines Pixels",
    "Pattern Size": "Mustergröße",
    "Pause Tracking": "Verfolgen anhalten",
    "Paused": "Angehalten",
    "Paused at frame {frame} of {last}": "Angehalten bei Frame {frame} von {last}",
    "Paused at the start": "Am Anfang angehalten",
    "Paused while solving": "Beim Lösen angehalten",
    "Pausing": "Hält an",
    "Pixel centers at one half": "Pixelmitten bei ein Halb",
    "Pixel centers at whole numbers": "Pixelmitten bei ganzen Zahlen",
    "Pixels kept free between a patch and the frame's edge":
        "Pixel, die zwischen einem Muster und dem Rand des Frames frei bleiben",
    "Places": "Orte",
    "Plane Track": "Flächenspur",
    "Plate Exact": "Aufnahmegetreu",
    "Point Cloud": "Punktwolke",
    "Points wanted in view at once": "Punkte, die gleichzeitig im Bild sein sollen",
    "Poor": "Schlecht",
    "Preset added: {}": "Vorgabe hinzugefügt: {}",
    "Presets": "Vorgaben",
    "Process {}": "Prozess {}",
    "Process {} on {}": "Prozess {} auf {}",
    "Put a cube on the floor, to see whether the camera holds, until there is CG":
        "Einen Würfel auf den Boden stellen, um zu sehen, ob die Kamera hält, bis es CG gibt",
    "Put a cube on the floor, to see whether the camera holds; again, take it away":
        "Einen Würfel auf den Boden stellen, um zu sehen, ob die Kamera hält; noch einmal nimmt ihn "
        "weg",
    "Put a marker on the timeline at each place where pictures of the sequence are missing":
        "Auf der Zeitleiste einen Marker an jede Stelle setzen, an der Bilder der Sequenz fehlen",
    "Put the solved points into the scene, to place things by; they are not rendered":
        "Die gelösten Punkte in die Szene setzen, um Dinge danach zu platzieren; sie werden nicht "
        "gerendert",
    "Put the tracks and the camera of the clip's session into the clip, in place of what an "
    "earlier session put there. Your own tracks stay":
        "Die Spuren und die Kamera der Sitzung in den Clip übernehmen, anstelle dessen, was eine "
        "frühere Sitzung dort eingesetzt hat. Ihre eigenen Spuren bleiben",
    "Put the tracks back as the session has them": "Die Spuren wieder so machen, wie die Sitzung sie hat",
    "Put the tracks that you made back as the clip's session keeps them: those that are gone, and"
    " those that differ. Tracks that are new since stay":
        "Die Spuren, die Sie angelegt haben, so zurückholen, wie die Sitzung sie aufbewahrt: die "
        "fehlen und die anders sind. Seitdem neue Spuren bleiben",
    "Read the presets from disk again, built in and your own":
        "Die Vorgaben noch einmal von der Platte lesen, mitgelieferte und eigene",
    "Reading the footage": "Liest die Aufnahme",
    "Reading the session": "Liest die Sitzung",
    "Red where few frames have a track": "Rot, wo wenige Frames eine Spur haben",
    "Refine Distortion": "Verfeinern der Verzerrung",
    "Refine Focal Length": "Verfeinern der Brennweite",
    "Refine Principal Point": "Verfeinern des Hauptpunkts",
    "Refresh": "Aktualisieren",
    "Refresh Presets": "Vorgaben neu einlesen",
    "Remove": "Entfernen",
    "Remove Composite": "Composite entfernen",
    "Remove Shadow Catcher": "Schattenfänger entfernen",
    "Remove Shot": "Shot entfernen",
    "Rename": "Umbenennen",
    "Rename Composite Preset": "Composite-Vorgabe umbenennen",
    "Rename Tracking Preset": "Tracking-Vorgabe umbenennen",
    "Rename…": "Umbenennen…",
    "Render Shot": "Shot rendern",
    "Render the sky transparent, so that the background is seen":
        "Den Himmel durchsichtig rendern, damit der Hintergrund zu sehen ist",
    "Report": "Bericht",
    "Restore Tracks": "Spuren zurückholen",
    "Resume": "Fortsetzen",
    "Resume Tracking": "Verfolgen fortsetzen",
    "Reveal": "Im Ordner zeigen",
    "Rotation Order": "Drehreihenfolge",
    "Run the Python files that a shot file names as hooks. They can do all that you can: allow it"
    " only where you know where your shot files come from":
        "Die Python-Dateien ausführen, die eine Shot-Datei als Hooks nennt. Sie können alles, was Sie"
        " können: erlauben Sie es nur, wenn Sie wissen, woher Ihre Shot-Dateien kommen",
    "ST-Map": "ST-Map",
    "Save": "Speichern",
    "Save Shot File": "Shot-Datei speichern",
    "Save the chosen preset, with what is set over it under Adjust, as a preset of your own. The "
    "name of the chosen one, where that is yours, overwrites it":
        "Die gewählte Vorgabe, mit dem, was hier darüber eingestellt ist, als eigene Vorgabe "
        "speichern. Der Name der gewählten, wo sie Ihre eigene ist, überschreibt sie",
    "Saved: {}": "Gespeichert: {}",
    "Save…": "Speichern…",
    "Say which number the clip's first frame has in the file":
        "Sagen, welche Nummer der erste Frame des Clips in der Datei hat",
    "Scene": "Szene",
    "Scene Referred": "Szenenbezogen",
    "Scene Settings": "Szeneneinstellungen",
    "Screen": "Negativ multiplizieren",
    "Scripts From Shot Files": "Skripte aus Shot-Dateien",
    "See as much beyond the edge as the bent CG needs":
        "So viel über den Rand hinaus sehen, wie die gebogene CG braucht",
    "Select Worst": "Schlechteste auswählen",
    "Select Worst Tracks": "Schlechteste Spuren auswählen",
    "Select the tracks with the largest share of the solve's error in the clip, and only those":
        "Die Spuren mit dem größten Anteil am Fehler der Lösung im Clip auswählen, und nur diese",
    "Select tracks that have weight first": "Wählen Sie zuerst Spuren aus, die Gewicht haben",
    "Sensor Width": "Sensorbreite",
    "Session": "Sitzung",
    "Session Folder": "Sitzungsordner",
    "Sessions": "Sitzungen",
    "Sessions to Keep": "Sitzungen behalten",
    "Set Camera": "Kamera setzen",
    "Set Color Space": "Farbraum setzen",
    "Set First Frame": "Ersten Frame setzen",
    "Set Floor": "Boden setzen",
    "Set Holdout": "Verdecker setzen",
    "Set Origin": "Ursprung setzen",
    "Set Scale": "Maßstab setzen",
    "Set Scale by Camera Height": "Maßstab nach Kamerahöhe setzen",
    "Set Pixel Aspect": "Pixelseitenverhältnis setzen",
    "Set Scene Rate & Frames": "Rate & Frames der Szene setzen",
    "Set Up Shot": "Shot einrichten",
    "Set X Axis": "X-Achse setzen",
    "Set it so that the plate comes out as it was filmed":
        "So setzen, dass die Aufnahme herauskommt, wie sie gefilmt wurde",
    "Set the clip's colour space to the one that files of this kind usually have":
        "Den Farbraum des Clips auf den setzen, den Dateien dieser Art gewöhnlich haben",
    "Settle Changes": "Änderungen klären",
    "Shadow": "Schatten",
    "Shadow Catcher": "Schattenfänger",
    "Shadow Catcher Hidden": "Schattenfänger verborgen",
    "Shadow on the Plate": "Schatten auf der Aufnahme",
    "Shadow, Light, Points": "Schatten, Licht, Punkte",
    "Share of the frame that is seen beyond each edge":
        "Anteil des Frames, der über jeden Rand hinaus zu sehen ist",
    "Shortcuts": "Tastenkürzel",
    "Shortest Track": "Kürzeste Spur",
    "Shot": "Shot",
    "Shot File": "Shot-Datei",
    "Shot file written: {}": "Shot-Datei geschrieben: {}",
    "Show": "Zeigen",
    "Show Evenly Timed Copy": "Gleichmäßig getaktete Kopie zeigen",
    "Show Worst Frame": "Schlechtesten Frame zeigen",
    "Show a workspace with the clip, the scene and the compositor; it is made once a file":
        "Einen Arbeitsbereich mit Clip, Szene und Compositor zeigen; er wird einmal je Datei angelegt",
    "Show or hide what the solve is worth over the clip":
        "Zeigen oder verbergen, was die Lösung über dem Clip wert ist",
    "Show which stages Assemble Shot would build, and why. Nothing is changed":
        "Zeigen, welche Stufen „Shot bauen“ bauen würde und warum. Nichts wird geändert",
    "Shutter": "Verschluss",
    "Shutter Position": "Verschlusslage",
    "Shutter of the plate, measured in {} places: {} of a frame":
        "Verschluss der Aufnahme, an {} Stellen gemessen: {} eines Frames",
    "Side of the patch that is matched, in pixels of a frame 960 wide; odd":
        "Seite des verglichenen Musters, in Pixeln eines 960 breiten Frames; ungerade",
    "Smooth": "Glätten",
    "Softness": "Weichheit",
    "Solve": "Lösung",
    "Solve Again": "Neu lösen",
    "Solve Again counts that in": "Neu lösen rechnet es ein",
    "Solve Again counts that in, building from the stage camera takes it back":
        "Neu lösen rechnet es ein, ab der Stufe camera gebaut wird es zurückgenommen",
    "Solve Camera Motion": "Kamerabewegung lösen",
    "Solve with Known Lens": "Mit bekannter Linse lösen",
    "Solve with Known Lens…": "Mit bekannter Linse lösen…",
    "Solved": "Gelöst",
    "Solved Floor": "Gelöster Boden",
    "Solving": "Löst",
    "Stabilization": "Stabilisierung",
    "Stabilize": "Stabilisieren",
    "Stand-In": "Platzhalter",
    "Start Over": "Neu beginnen",
    "Start Over?": "Neu beginnen?",
    "Starting": "Fängt an",
    "Step by Step": "Schritt für Schritt",
    "Stop making the copy; what was written of it is removed":
        "Die Kopie abbrechen; was davon geschrieben wurde, wird entfernt",
    "Stop tracking after the present step, which is saved; Go On goes on from there":
        "Nach dem jetzigen Schritt anhalten, der gesichert wird; „Weiter“ macht dort weiter",
    "Stop tracking. All finished steps are saved; Resume goes on from there":
        "Verfolgen anhalten. Alle fertigen Schritte sind gesichert; „Fortsetzen“ macht dort weiter",
    "Stopping": "Hält an",
    "Straighten the plate to the CG": "Die Aufnahme nach der CG gerade biegen",
    "Such files are usually {space}, this clip is set to {now}":
        "Solche Dateien sind gewöhnlich {space}, dieser Clip steht auf {now}",
    "Sun from Shadow": "Sonne aus Schatten",
    "Switch Off & Solve Again": "Ausschalten & neu lösen",
    "Take In": "Übernehmen",
    "Take In Solve": "Lösung übernehmen",
    "Take It In": "Übernehmen",
    "Take Up": "Aufnehmen",
    "Take a preset in from a file that somebody gave you, as one of your own":
        "Eine Vorgabe aus einer Datei, die Ihnen jemand gab, als eigene übernehmen",
    "Take all of Tracked Shot out of the scene: camera, shadow catcher, light, CG and composite. "
    "What it set in the scene becomes what it was; your objects, and the session, stay":
        "Alles von Tracked Shot aus der Szene nehmen: Kamera, Schattenfänger, Licht, CG und "
        "Composite. Was es in der Szene gesetzt hat, wird wieder, wie es war; Ihre Objekte und die "
        "Sitzung bleiben",
    "Take the pixels to be as wide as the file says: an anamorphic plate that is taken for square is"
    " solved with the wrong lens":
        "Die Pixel so breit nehmen, wie die Datei sagt: eine anamorphe Aufnahme, die für quadratisch "
        "gehalten wird, wird mit der falschen Linse gelöst",
    "Take the Session's": "Die der Sitzung nehmen",
    "Take the composite out again: the compositor tree and the scene's settings become what they "
    "were":
        "Den Composite wieder herausnehmen: Compositor-Baum und Einstellungen der Szene werden, was "
        "sie waren",
    "Take the ground that catches shadows out of the scene; the light stays":
        "Den Boden, der Schatten auffängt, aus der Szene nehmen; das Licht bleibt",
    "Take the points out again": "Die Punkte wieder herausnehmen",
    "Take the rest in; what you moved, switched off or deleted stays so":
        "Den Rest übernehmen; was Sie bewegt, ausgeschaltet oder gelöscht haben, bleibt so",
    "Take the session in, and say what becomes of the tracks that you changed":
        "Die Sitzung übernehmen und sagen, was aus den geänderten Spuren wird",
    "Taking in the tracks": "Die Spuren werden übernommen",
    "Text": "Text",
    "The CG covers the background": "Die CG deckt den Hintergrund",
    "The CG darkens the background": "Die CG verdunkelt den Hintergrund",
    "The CG lightens the background and never beyond white":
        "Die CG hellt den Hintergrund auf und nie über Weiß hinaus",
    "The CG's light is added to the background": "Das Licht der CG kommt zum Hintergrund dazu",
    "The ST-map {} has changed since it was read: apply again":
        "Die ST-Map {} hat sich geändert, seit sie gelesen wurde: neu anwenden",
    "The ST-map {} is gone; the composite keeps what was read of it":
        "Die ST-Map {} ist weg; der Composite behält, was davon gelesen wurde",
    "The Tracked Shot group is no longer in the scene's compositor tree: apply again, or remove":
        "Die Gruppe von Tracked Shot ist nicht mehr im Compositor-Baum der Szene: neu anwenden oder "
        "entfernen",
    "The camera follows the clip's solve, and changes with it":
        "Die Kamera folgt der Lösung des Clips und ändert sich mit ihr",
    "The camera has keys and needs neither clip nor solve any more":
        "Die Kamera hat Keys und braucht weder Clip noch Lösung mehr",
    "The number that the clip's first frame has in the file":
        "Die Nummer, die der erste Frame des Clips in der Datei hat",
    "The rotation order of the Nuke node that wrote a .chan":
        "Die Drehreihenfolge des Nuke-Knotens, der eine .chan schrieb",
    "The tracks are being taken in": "Die Spuren werden gerade übernommen",
    "The YAML file that this scene's shot is written in":
        "Die YAML-Datei, in der der Shot dieser Szene steht",
    "The camera follows Blender's own solve: {}": "Die Kamera folgt Blenders eigener Lösung: {}",
    "The camera has keys and does not follow the clip: {}":
        "Die Kamera hat Keys und folgt nicht dem Clip: {}",
    "The camera stands still": "Die Kamera steht still",
    "The camera will have keys: {why}": "Die Kamera wird Keys haben: {why}",
    "The camera zooms, but the CG is bent by one map from a file: it is off where the focal "
    "length is another":
        "Die Kamera zoomt, aber die CG ist nach einer Map aus einer Datei gebogen: sie liegt daneben,"
        " wo die Brennweite eine andere ist",
    "The camera {} is linked: its view cannot be widened for the lens":
        "Die Kamera {} ist verknüpft: ihr Blick kann für die Linse nicht erweitert werden",
    "The camera's zoom has changed since the CG was bent to it: apply again":
        "Der Zoom der Kamera hat sich geändert, seit die CG danach gebogen wurde: neu anwenden",
    "The clip has no file": "Der Clip hat keine Datei",
    "The clip has no frames": "Der Clip hat keine Frames",
    "The clip has no picture": "Der Clip hat kein Bild",
    "The clip has no session yet": "Der Clip hat noch keine Sitzung",
    "The clip has no solve of ours yet": "Der Clip hat noch keine Lösung von uns",
    "The clip has no solved camera yet": "Der Clip hat noch keine gelöste Kamera",
    "The clip has no tracks": "Der Clip hat keine Spuren",
    "The clip's pixels are as its file says": "Die Pixel des Clips sind, wie seine Datei sagt",
    "The file's pixels are {aspect} times as wide as high":
        "Die Pixel der Datei sind {aspect}-mal so breit wie hoch",
    "The clip has the colour space that its file asks for":
        "Der Clip hat den Farbraum, den seine Datei verlangt",
    "The clip is being tracked": "Der Clip wird gerade verfolgt",
    "The clip is being tracked; cancel that first": "Der Clip wird verfolgt; brechen Sie das zuerst ab",
    "The clip is linked from another file; make it local first":
        "Der Clip ist aus einer anderen Datei verknüpft; machen Sie ihn zuerst lokal",
    "The clip is not being tracked": "Der Clip wird nicht verfolgt",
    "The clip is tracked anew from its first frame. The session there stays on disk.":
        "Der Clip wird von seinem ersten Frame an neu verfolgt. Die Sitzung bleibt auf der Platte.",
    "The clip {} whose lens the CG is bent to is gone":
        "Der Clip {}, in dessen Linse die CG gebogen ist, ist weg",
    "The clip's own solve was used: {}": "Die Lösung des Clips selbst wurde benutzt: {}",
    "The clip's session keeps no tracks made by hand":
        "Die Sitzung des Clips hat keine von Hand gemachten Spuren",
    "The color behind the CG": "Die Farbe hinter der CG",
    "The composite preset of scenes for which none was chosen":
        "Die Composite-Vorgabe von Szenen, für die keine gewählt wurde",
    "The composite was built in Blender {}: apply again to build it anew for this one":
        "Der Composite wurde in Blender {} gebaut: neu anwenden, um ihn für dieses neu zu bauen",
    "The compositor tree is also that of the scene {}": "Der Compositor-Baum gehört auch der Szene {}",
    "The corner pin has corners but no picture": "Die Eckpunkt-Montage hat Ecken, aber kein Bild",
    "The disk with the session is full. All earlier steps are saved: make room, then Resume":
        "Die Platte mit der Sitzung ist voll. Alle früheren Schritte sind gesichert: schaffen Sie "
        "Platz, dann „Fortsetzen“",
    "The display is {}: 8-bit output is not the plate's sRGB":
        "Die Anzeige ist {}: 8-Bit-Ausgabe ist nicht das sRGB der Aufnahme",
    "The error of each frame along the bottom of the view, red where it is far above average":
        "Der Fehler jedes Frames am unteren Rand der Ansicht, rot, wo er weit über dem Mittel liegt",
    "The filmed plate": "Die gefilmte Aufnahme",
    "The footage is being looked at": "Die Aufnahme wird durchgesehen",
    "The footage is fine": "Die Aufnahme ist in Ordnung",
    "The footage is not there: {name}": "Die Aufnahme ist nicht da: {name}",
    "The footage is not there: {}. Find it first": "Die Aufnahme ist nicht da: {}. Suchen Sie sie zuerst",
    "The footage is {}": "Die Aufnahme ist {}",
    "The lens has no distortion: nothing is bent": "Die Linse hat keine Verzerrung: nichts wird gebogen",
    "The lens is no lens": "Die Linse ist keine Linse",
    "The lens of {} has changed since the CG was bent to it: apply again":
        "Die Linse von {} hat sich geändert, seit die CG hineingebogen wurde: neu anwenden",
    "The output overrides the scene's colour management: the plate may come out changed":
        "Die Ausgabe übergeht das Farbmanagement der Szene: die Aufnahme kommt vielleicht verändert "
        "heraus",
    "The pass {} is not rendered here and so not bent":
        "Der Pass {} wird hier nicht gerendert und so nicht gebogen",
    "The picture behind the CG": "Das Bild hinter der CG",
    "The picture moves too far to hide its edges, even {} times enlarged":
        "Das Bild bewegt sich zu weit, um seine Ränder zu verbergen, selbst {}-mal vergrößert",
    "The picture that is pinned to the plane track": "Das Bild, das an die Flächenspur geheftet wird",
    "The plane track that the picture is pinned to; empty: none":
        "Die Flächenspur, an die das Bild geheftet wird; leer: keine",
    "The plane {} could not be put back: it takes {} tracks in it to make one":
        "Die Fläche {} konnte nicht zurückgeholt werden: dazu braucht es {} Spuren darin",
    "The plate alone, at the render's size": "Die Aufnahme allein, in der Größe des Renderns",
    "The plate does not tell its shutter: {} of a frame (180 degrees) is taken":
        "Die Aufnahme verrät ihren Verschluss nicht: {} eines Frames (180 Grad) wird genommen",
    "The render is {}x{} now, the lens maps are {}x{}: apply again":
        "Das Rendern ist jetzt {}x{}, die Linsen-Maps sind {}x{}: neu anwenden",
    "The report is in the clipboard": "Der Bericht ist in der Zwischenablage",
    "The scene has another camera now than the one widened for the lens: apply again":
        "Die Szene hat jetzt eine andere Kamera als die für die Linse erweiterte: neu anwenden",
    "The scene has frames {} to {}": "Die Szene hat Frames {} bis {}",
    "The scene has no camera": "Die Szene hat keine Kamera",
    "The scene has no camera that follows the clip; Set Up Shot makes one":
        "Die Szene hat keine Kamera, die dem Clip folgt; „Shot einrichten“ legt eine an",
    "The scene has no camera: the CG has no overscan and is empty towards the frame's edge":
        "Die Szene hat keine Kamera: die CG hat keinen Overscan und ist zum Rand hin leer",
    "The scene has {} frames a second": "Die Szene hat {} Frames je Sekunde",
    "The scene is linked from another file": "Die Szene ist aus einer anderen Datei verknüpft",
    "The scene's output does not come through the Tracked Shot group: apply again":
        "Die Ausgabe der Szene kommt nicht durch die Gruppe von Tracked Shot: neu anwenden",
    "The sensor or shift of {} was changed since it was widened: apply again":
        "Sensor oder Versatz von {} wurden geändert, seit sie erweitert wurde: neu anwenden",
    "The session cannot be read: {}": "Die Sitzung kann nicht gelesen werden: {}",
    "The session is not there any more": "Die Sitzung ist nicht mehr da",
    "The session keeps other tracks of yours": "Die Sitzung hat andere Spuren von Ihnen",
    "The shadow cannot be changed apart from the render: no Shadow Catcher pass was found":
        "Der Schatten kann nicht getrennt vom Rendern geändert werden: kein Pass „Shadow Catcher“ "
        "gefunden",
    "The shadow cannot be changed apart from the render: only Cycles has a Shadow Catcher pass":
        "Der Schatten kann nicht getrennt vom Rendern geändert werden: nur Cycles hat einen Pass "
        "„Shadow Catcher“",
    "The solve has no two keyframes": "Die Lösung hat keine zwei Keyframes",
    "The solve is stale: {what}": "Die Lösung ist veraltet: {what}",
    "The tracking preset of clips for which none was chosen":
        "Die Tracking-Vorgabe von Clips, für die keine gewählt wurde",
    "The tracking process ended unexpectedly; all finished steps are saved":
        "Der Tracking-Prozess endete unerwartet; alle fertigen Schritte sind gesichert",
    "The video sequencer has strips: they are rendered in place of the composite":
        "Der Sequencer hat Streifen: sie werden anstelle des Composites gerendert",
    "The view transform is {} now, the plate goes through the inverse of {}: apply again":
        "Die Ansichtstransformation ist jetzt {}, die Aufnahme geht durch die Umkehrung von {}: neu "
        "anwenden",
    "There is no preset {}": "Es gibt keine Vorgabe {}",
    "There is no scene": "Es gibt keine Szene",
    "There is no session of this clip yet": "Es gibt noch keine Sitzung dieses Clips",
    "There is no window to open a folder from":
        "Es gibt kein Fenster, aus dem ein Ordner geöffnet werden kann",
    "There is no window to show it in": "Es gibt kein Fenster, in dem es gezeigt werden kann",
    "This clip's session: {path}": "Die Sitzung dieses Clips: {path}",
    "Toggle Overlay": "Overlay umschalten",
    "Told from the map where that can be; else half a pixel":
        "Aus der Map gelesen, wo das geht; sonst ein halbes Pixel",
    "Told from the map's values": "Aus den Werten der Map gelesen",
    "Tools": "Werkzeuge",
    "Top Left": "Oben links",
    "Track": "Verfolgen",
    "Track & Solve": "Verfolgen & Lösen",
    "Track Backwards": "Rückwärts verfolgen",
    "Track the clip anew in a session of its own. The session there is stays on disk":
        "Den Clip in einer eigenen Sitzung neu verfolgen. Die vorhandene Sitzung bleibt auf der "
        "Platte",
    "Track the whole clip and find its camera, in a process of its own; Blender can be used "
    "meanwhile. Goes on where a session with the same settings was left":
        "Den ganzen Clip verfolgen und seine Kamera finden, in einem eigenen Prozess; Blender kann "
        "währenddessen benutzt werden. Macht weiter, wo eine Sitzung mit denselben Einstellungen "
        "stehen blieb",
    "Tracked": "Verfolgt",
    "Tracked Shot": "Tracked Shot",
    "Tracked Shot Camera (.chan/.abc/.fbx/.usd)": "Kamera von Tracked Shot (.chan/.abc/.fbx/.usd)",
    "Tracked Shot Camera (.chan/.abc/.fbx/.usd/COLMAP)":
        "Kamera für Tracked Shot (.chan/.abc/.fbx/.usd/COLMAP)",
    "Tracked Shot Camera File": "Kameradatei von Tracked Shot",
    "Tracked Shot Preflight": "Tracked Shot Preflight",
    "Tracked Shot Workspace": "Arbeitsbereich Tracked Shot",
    "Tracked, not solved": "Verfolgt, nicht gelöst",
    "Tracking": "Verfolgt gerade",
    "Tracking Preset": "Tracking-Vorgabe",
    "Tracking Presets": "Tracking-Vorgaben",
    "Tracking {frame} of {last}": "Verfolge {frame} von {last}",
    "Tracking {} first; press Assemble Shot again when it is done":
        "{} wird zuerst verfolgt; drücken Sie „Shot bauen“ noch einmal, wenn es fertig ist",
    "Tracks": "Spuren",
    "Tracks by Error": "Spuren nach Fehler",
    "Tracks by Harm": "Spuren nach Schaden",
    "Tracks with fewer markers are left out of the solve":
        "Spuren mit weniger Markern bleiben aus der Lösung",
    "USD": "USD",
    "What 3DEqualizer exports and imports as 2D tracks":
        "Was 3DEqualizer als 2D-Spuren exportiert und importiert",
    "What it is for, in a line": "Wofür sie ist, in einer Zeile",
    "What lies between the two tracks; left out, what the sidebar says":
        "Was zwischen den beiden Spuren liegt; weggelassen: was in der Seitenleiste steht",
    "Width of the sensor in millimetres, which .chan files and COLMAP do not say":
        "Breite des Sensors in Millimetern, die .chan-Dateien und COLMAP nicht sagen",
    "ZIP": "ZIP",
    "tracks came or went while those of the session were taken in; take it in again":
        "Spuren kamen oder gingen, während die der Sitzung übernommen wurden; übernehmen Sie sie noch einmal",
    "Turn the sun by two selected tracks: the top of a thing, and where its shadow ends. The "
    "higher one counts as the top":
        "Die Sonne nach zwei ausgewählten Spuren drehen: der Spitze eines Dings und dem Ende seines "
        "Schattens. Die höhere zählt als Spitze",
    "Turn the world about the Z axis so that the selected track lies over the X axis":
        "Die Welt um die Z-Achse drehen, bis die ausgewählte Spur über der X-Achse liegt",
    "Undistort Plate": "Aufnahme entzerren",
    "Usable": "Brauchbar",
    "Use Curves": "Kurven benutzen",
    "Values": "Werte",
    "View": "Ansicht",
    "View Matched": "Ansicht angeglichen",
    "View Transform": "Ansichtstransformation",
    "Warnings": "Warnungen",
    "What full shadow leaves of the plate": "Was voller Schatten von der Aufnahme übrig lässt",
    "What is done about the scene's view transform": "Was mit der Ansichtstransformation der Szene geschieht",
    "What lies behind the CG": "Was hinter der CG liegt",
    "What lies between the two selected tracks": "Was zwischen den zwei ausgewählten Spuren liegt",
    "What the add-on writes to the console": "Was das Add-on auf die Konsole schreibt",
    "What the map's pixels hold": "Was die Pixel der Map enthalten",
    "What u the centre of the map's first pixel has": "Welches u die Mitte des ersten Pixels der Map hat",
    "What was done, too": "Auch was getan wurde",
    "What went wrong": "Was schiefging",
    "When a clip is tracked anew, delete its oldest finished sessions beyond this many. Those "
    "that clips of the open file use stay. 0: keep all":
        "Wenn ein Clip neu verfolgt wird, seine ältesten fertigen Sitzungen über diese Zahl hinaus "
        "löschen. Die, die Clips der offenen Datei benutzen, bleiben. 0: alle behalten",
    "Where sessions are kept; empty: beside the saved .blend, or beside the footage":
        "Wo Sitzungen aufbewahrt werden; leer: neben der gespeicherten .blend oder der Aufnahme",
    "Where nothing is to be tracked: within this mask's shapes, such as round what moves. "
    "Of its feather what covers half or more counts":
        "Wo nichts verfolgt werden soll: innerhalb der Formen dieser Maske, etwa um das, was sich bewegt. "
        "Von weichen Kanten zählt, was halb oder mehr deckt",
    "Where the map's v counts from": "Von wo das v der Map zählt",
    "Where to look, 0 to 1 over the picture": "Wohin zu sehen ist, 0 bis 1 über das Bild",
    "White Balance": "Weißabgleich",
    "Workflow": "Arbeitsweise",
    "Write ST-Maps": "ST-Maps schreiben",
    "Write a copy of the footage that is upright and evenly timed, without loss, beside it, and "
    "show that instead. The clip and its file stay as they are":
        "Eine Kopie der Aufnahme schreiben, die aufrecht und gleichmäßig getaktet ist, verlustfrei, "
        "neben ihr, und diese zeigen. Der Clip und seine Datei bleiben, wie sie sind",
    "Write clip, camera, light, composite and render settings of this scene as a shot file, which"
    " builds the same again. A file that is there keeps its comments and order":
        "Clip, Kamera, Licht, Composite und Rendereinstellungen dieser Szene als Shot-Datei "
        "schreiben, die dasselbe wieder baut. Eine vorhandene Datei behält Kommentare und Reihenfolge",
    "Write the chosen preset to a file, to give it to somebody":
        "Die gewählte Vorgabe in eine Datei schreiben, um sie weiterzugeben",
    "Write the clip's lens as two 32-bit EXR maps, NAME_undistort.exr and NAME_distort.exr, for "
    "programs that read ST-maps":
        "Die Linse des Clips als zwei 32-Bit-EXR-Maps schreiben, NAME_undistort.exr und "
        "NAME_distort.exr, für Programme, die ST-Maps lesen",
    "Write the clip's tracks as text for other programs: a line for each marker":
        "Die Spuren des Clips als Text für andere Programme schreiben: je Marker eine Zeile",
    "Write the scene's camera over the scene's frames for other programs":
        "Die Kamera der Szene über die Frames der Szene für andere Programme schreiben",
    "Write what the session did beside it, as a page with plots and pictures that opens in the "
    "browser, as Markdown and as JSON":
        "Neben die Sitzung schreiben, was sie getan hat, als Seite mit Kurven und Bildern, die sich "
        "im Browser öffnet, als Markdown und als JSON",
    "Written: {}": "Geschrieben: {}",
    "X Axis": "X-Achse",
    "Zero": "Null",
    "Zero to One": "Null bis Eins",
    "Zoom: {} maps are mixed, within {} px of the lens":
        "Zoom: {} Maps werden gemischt, auf {} px genau an der Linse",
    "a corner pin by tracks needs the clip that has them":
        "eine Eckpunkt-Montage nach Spuren braucht den Clip, der sie hat",
    "a corner pin needs a plane track, four tracks or corners, and one of these only":
        "eine Eckpunkt-Montage braucht eine Flächenspur, vier Spuren oder Ecken, und nur eines davon",
    "a corner pin needs corners in at least one frame":
        "eine Eckpunkt-Montage braucht Ecken in mindestens einem Frame",
    "a corner pin needs four different tracks, one a corner":
        "eine Eckpunkt-Montage braucht vier verschiedene Spuren, eine je Ecke",
    "a live corner pin needs Blender 4.5: the node of {} is shifted by parts of a pixel; without "
    "live the corners are keyed":
        "eine mitlaufende Eckpunkt-Montage braucht Blender 4.5: der Node von {} ist um Teile eines "
        "Pixels verschoben; sonst bekommen die Ecken Keys",
    "a session that is {} cannot become {}": "eine Sitzung, die {} ist, kann nicht {} werden",
    "a step of {} frames: the step has to be 1 or more":
        "ein Schritt von {} Frames: der Schritt muss 1 oder mehr sein",
    "another way to read the file": "eine andere Art, die Datei zu lesen",
    "as it comes": "wie es kommt",
    "background_source is image, but no background_image is given":
        "background_source ist image, aber kein background_image ist angegeben",
    "columns": "die Spalten",
    "floor": "Boden",
    "four corners of two numbers each are needed{}": "vier Ecken aus je zwei Zahlen sind nötig{}",
    "frame range {}-{} ends before it begins": "der Bereich {}-{} endet, bevor er beginnt",
    "frame range {}-{} is outside the clip (1-{})": "der Bereich {}-{} liegt außerhalb des Clips (1-{})",
    "frame {} of the footage is not as it was when it was tracked: the file was changed":
        "Frame {} der Aufnahme ist nicht, wie er beim Verfolgen war: die Datei wurde geändert",
    "frame {} of {}": "Frame {} von {}",
    "grain cannot be measured in less than {} pixels across and up":
        "Korn kann unter {} Pixel Breite und Höhe nicht gemessen werden",
    "grain is measured in pictures, and there is none": "Korn wird in Bildern gemessen, und es gibt keine",
    "grain is measured in the footage, and the background is none":
        "Korn wird in der Aufnahme gemessen, und der Hintergrund ist keine",
    "in the mask {} nothing is drawn": "in der Maske {} ist nichts gezeichnet",
    "in no frame are all four tracks there: {}": "in keinem Frame sind alle vier Spuren da: {}",
    "left out by the solve": "von der Lösung ausgelassen",
    "lens_distortion.workflow {} needs a movie clip with its lens":
        "lens_distortion.workflow {} braucht einen Filmclip mit seiner Linse",
    "live, a corner pin can only follow a plane track":
        "mitlaufend kann eine Eckpunkt-Montage nur einer Flächenspur folgen",
    "live, a picture can only be shifted: give one track, a frame to lock to, and no automatic "
    "scale":
        "mitlaufend kann ein Bild nur verschoben werden: geben Sie eine Spur, einen Frame zum Sperren"
        " und keine automatische Skalierung an",
    "module '{}' has no attribute '{}'": "das Modul „{}“ hat kein Attribut „{}“",
    "moves": "bewegt sich",
    "moves, or slipped": "bewegt sich, oder verrutscht",
    "no collection {} in {} (there: {})": "keine Sammlung {} in {} (dort: {})",
    "no folder for your own presets is set": "kein Ordner für eigene Vorgaben ist gesetzt",
    "no object or collection {} is in the scene {}": "kein Objekt, keine Sammlung {} ist in der Szene {}",
    "no other two frames show parallax": "keine anderen zwei Frames zeigen Parallaxe",
    "no pair of frames leads to a camera: the tracks do not fit one still world":
        "kein Paar von Frames führt zu einer Kamera: die Spuren passen nicht zu einer stillen Welt",
    "no such file: {}": "keine solche Datei: {}",
    "no such footage: {}": "keine solche Aufnahme: {}",
    "no such picture: {}": "kein solches Bild: {}",
    "no third frame fits the first two": "kein dritter Frame passt zu den ersten beiden",
    "no two frames show the same points from different places":
        "keine zwei Frames zeigen dieselben Punkte von verschiedenen Orten",
    "not a .blend file that this Blender reads: {}": "keine .blend-Datei, die dieses Blender liest: {}",
    "nothing to append in {}: it has no collections and no objects":
        "nichts anzuhängen in {}: sie hat keine Sammlungen und keine Objekte",
    "off": "aus",
    "on": "an",
    "on what covers the lens": "auf dem, was die Linse verdeckt",
    "rows": "die Zeilen",
    "scale": "Maßstab",
    "select one track that shall lie on the X axis, not {}":
        "wählen Sie eine Spur aus, die auf der X-Achse liegen soll, nicht {}",
    "select the track that shall be the origin": "wählen Sie die Spur aus, die der Ursprung sein soll",
    "select three tracks or more on the floor, not {}":
        "wählen Sie drei Spuren oder mehr auf dem Boden aus, nicht {}",
    "select two tracks whose distance you know, not {}":
        "wählen Sie zwei Spuren aus, deren Abstand Sie kennen, nicht {}",
    "select two tracks, a thing's top and its shadow's end, not {}":
        "wählen Sie zwei Spuren aus, die Spitze eines Dings und das Ende seines Schattens, nicht {}",
    "stabilising needs a movie clip with tracks": "Stabilisieren braucht einen Filmclip mit Spuren",
    "a focal length of {} mm is unlikely": "eine Brennweite von {} mm ist unwahrscheinlich",
    "a longer move would tell it": "eine längere Bewegung würde sie zeigen",
    "add some where it is empty and nothing moves":
        "setzen Sie welche, wo es leer ist und sich nichts bewegt",
    "add tracks that reach in from frames with one":
        "setzen Sie Spuren, die aus Frames mit Kamera hineinreichen",
    "add tracks there by hand": "setzen Sie dort Spuren von Hand",
    "add tracks there, near and far": "setzen Sie dort Spuren, nah und fern",
    "average error {} px": "mittlerer Fehler {} px",
    "CG is exact in the middle of the picture only": "CG sitzt nur in der Bildmitte genau",
    "denoise or brighten the footage, try the preset handheld, or set tracks by hand":
        "entrauschen oder erhellen Sie die Aufnahme, versuchen Sie die Vorgabe handheld, oder "
        "setzen Sie Spuren von Hand",
    "errors far above the rest in {}": "Fehler weit über den übrigen in {}",
    "frame {}": "Frame {}",
    "frames {}": "Frames {}",
    "give it under Lens Known": "geben Sie sie unter „Linse bekannt“ an",
    "look for blur, mask what moves": "achten Sie auf Unschärfe, maskieren Sie, was sich bewegt",
    "mask what moves": "maskieren Sie, was sich bewegt",
    "mask what moves, switch off the worst tracks":
        "maskieren Sie, was sich bewegt, und schalten Sie die schlechtesten Spuren ab",
    "the lens's axis seems to meet the picture at {}, {} px, not in the middle":
        "die Linsenachse scheint das Bild bei {}, {} px zu treffen und nicht in der Mitte",
    "switch on Find Principal Point": "schalten Sie Hauptpunkt finden ein",
    "nearly all points lie in one plane": "fast alle Punkte liegen in einer Ebene",
    "no camera in {}": "keine Kamera in {}",
    "no camera in {}: there the lens is covered, or the picture blank":
        "keine Kamera in {}: dort ist die Linse verdeckt oder das Bild leer",
    "none of the {} tracks could be used (most of them: {})":
        "keine der {} Spuren war zu gebrauchen (die meisten: {})",
    "nothing to follow in the picture: it is black, blank or out of focus":
        "im Bild ist nichts zu verfolgen: es ist schwarz, leer oder unscharf",
    "points are seen under {} degrees only: depth is a guess":
        "Punkte sind nur unter {} Grad zu sehen: die Tiefe ist geraten",
    "resume the session": "setzen Sie die Sitzung fort",
    "rolling shutter: {} take {} of a frame": "Rolling Shutter: {} brauchen {} eines Frames",
    "the camera only turns: solved as on a tripod, without depth":
        "die Kamera dreht sich nur: gelöst wie auf einem Stativ, ohne Tiefe",
    "the camera stands still, and {} of the tracks move":
        "die Kamera steht still, und {} der Spuren bewegen sich",
    "the camera stands still: no depth, and the given {} mm are kept":
        "die Kamera steht still: keine Tiefe, und die vorgegebenen {} mm bleiben",
    "the camera turns by {} degrees only: its lens is a guess":
        "die Kamera dreht sich nur um {} Grad: ihre Brennweite ist geraten",
    "the camera's place is unsure in {}": "der Ort der Kamera ist unsicher in {}",
    "the focal length is unsure: {} to {} mm": "die Brennweite ist unsicher: {} bis {} mm",
    "the focal length of {} mm is from the {}": "die Brennweite von {} mm stammt aus: {}",
    "most tracks end at once after {}: is there a cut?":
        "die meisten Spuren enden zugleich nach {}: ist da ein Schnitt?",
    "solve one side of it alone": "lösen Sie eine Seite davon allein",
    "the clip falls apart: {} share no points": "der Clip zerfällt: {} haben keine Punkte gemeinsam",
    "add 8 tracks across by hand": "setzen Sie 8 Spuren von Hand hinüber",
    "the footage does not tell the focal length: {} mm stay":
        "die Aufnahme verrät die Brennweite nicht: {} mm bleiben",
    "there is no move to solve": "es gibt keine Bewegung zu lösen",
    "tracking is not done": "das Tracking ist nicht fertig",
    "tracks cover {} of the picture{}": "Spuren decken {} des Bildes{}",
    "try a denser preset, or tracks by hand": "versuchen Sie eine dichtere Vorgabe oder Spuren von Hand",
    "{} and {} more": "{} und {} weitere",
    "{} frames only: little to check the camera by": "nur {} Frames: daran ist die Kamera kaum zu prüfen",
    "{} of {} tracks do not fit one still world": "{} von {} Spuren passen nicht zu einer stillen Welt",
    "{} points on average in {}": "im Mittel {} Punkte in {}",
    "stands still": "steht still",
    "sticks to the frame": "klebt am Bildrand",
    "made the camera no better": "machte die Kamera nicht besser",
    "the CG cannot be bent to the clip's lens: the render is {}x{}, of another shape than the "
    "clip ({}x{})":
        "die CG kann nicht in die Linse des Clips gebogen werden: das Rendern ist {}x{}, von anderer "
        "Form als der Clip ({}x{})",
    "the camera is not above the floor; set the floor first":
        "die Kamera ist nicht über dem Boden; setzen Sie zuerst den Boden",
    "the clip has {} tracks that can be used; a camera takes {}":
        "der Clip hat {} brauchbare Spuren; eine Kamera braucht {}",
    "the clip is {}x{} here, but {}x{} was tracked": "der Clip ist hier {}x{}, aber {}x{} wurde verfolgt",
    "the clip is {}x{}, the tracks are for {}x{}": "der Clip ist {}x{}, die Spuren sind für {}x{}",
    "the clip {} has no file": "der Clip {} hat keine Datei",
    "the clip {} has no frames: its file is missing or is no footage":
        "der Clip {} hat keine Frames: seine Datei fehlt oder ist keine Aufnahme",
    "the clip {} has no picture": "der Clip {} hat kein Bild",
    "the clip {} has no plane track '{}' with markers": "der Clip {} hat keine Flächenspur „{}“ mit Markern",
    "the clip {} has no track '{}' with markers": "der Clip {} hat keine Spur „{}“ mit Markern",
    "the clip {} has no tracks to stabilise by": "der Clip {} hat keine Spuren zum Stabilisieren",
    "the clip's own solve has no camera in common with ours":
        "die Lösung des Clips hat keine Kamera mit unserer gemeinsam",
    "the composite needs a movie clip for its background":
        "der Composite braucht einen Filmclip als Hintergrund",
    "the compositor tree {} is linked from another file: make it local first":
        "der Compositor-Baum {} ist aus einer anderen Datei verknüpft: machen Sie ihn zuerst lokal",
    "the corners{} cross: {}": "die Ecken{} überkreuzen sich: {}",
    "the corners{} go round the wrong way: {}": "die Ecken{} laufen falsch herum: {}",
    "the corners{} make no flat picture: one lies inside the others, or three in line":
        "die Ecken{} ergeben kein flaches Bild: eine liegt innerhalb der anderen, oder drei in einer "
        "Linie",
    "the file's rotation flag": "das Dreh-Kennzeichen der Datei",
    "the footage is an empty file: {}": "die Aufnahme ist eine leere Datei: {}",
    "the ground's size must be above 0, not {}": "die Größe des Bodens muss über 0 liegen, nicht {}",
    "the keys of {} were changed; bake the camera again first":
        "die Keys von {} wurden geändert; backen Sie die Kamera zuerst neu",
    "the open file has unsaved changes; save it before a shot is built into another one":
        "die offene Datei hat ungespeicherte Änderungen; speichern Sie sie, bevor ein Shot in eine "
        "andere gebaut wird",
    "the point lies above the origin; choose one to its side":
        "der Punkt liegt über dem Ursprung; wählen Sie einen daneben",
    "the scale must be above 0, not {}": "der Maßstab muss über 0 liegen, nicht {}",
    "the scene {} has no camera": "die Szene {} hat keine Kamera",
    "the scene {} has {}: choose one in its Scene properties":
        "die Szene {} hat {}: wählen Sie eine in ihren Szeneneigenschaften",
    "the scene {} is linked from another file: make it local first":
        "die Szene {} ist aus einer anderen Datei verknüpft: machen Sie sie zuerst lokal",
    "parts of the file are lost or hold something else":
        "Teile der Datei fehlen oder enthalten etwas anderes",
    "'tracked_shot recover' saves what can be read":
        "„tracked_shot recover“ rettet, was sich lesen lässt",
    "the session is damaged: a key patch has the wrong size":
        "die Sitzung ist beschädigt: ein Muster hat die falsche Größe",
    "the shot {} has no session in {}: assemble it, or name the .blend":
        "der Shot {} hat keine Sitzung in {}: bauen Sie ihn, oder nennen Sie die .blend",
    "the shutter is measured in the footage, and the background is none":
        "der Verschluss wird in der Aufnahme gemessen, und der Hintergrund ist keine",
    "the track {} has no solved point; choose others":
        "die Spur {} hat keinen gelösten Punkt; wählen Sie andere",
    "the two points coincide": "die zwei Punkte fallen zusammen",
    "the view transform {} cannot be undone for the plate: {} can, or take the view plate_exact":
        "die Ansichtstransformation {} kann für die Aufnahme nicht umgekehrt werden: {} kann es, oder"
        " nehmen Sie die Ansicht plate_exact",
    "the {} cannot be read: {}": "{} kann nicht gelesen werden: {}",
    "the {} is not there: {}": "{} ist nicht da: {}",
    "there is no {} preset '{}'{}": "es gibt keine Vorgabe ({}) namens „{}“{}",
    "this Blender's {} distortion has no {}": "die Verzerrung {} dieses Blenders hat kein {}",
    "this Blender has no colour space {}": "dieses Blender hat keinen Farbraum {}",
    "this Blender has no pass {}": "dieses Blender hat keinen Pass {}",
    "hardly a point fits the cameras": "kaum ein Punkt passt zu den Kameras",
    "too few points are seen from more than one place":
        "zu wenige Punkte sind von mehr als einem Ort zu sehen",
    "too few points stay in view from frame to frame": "zu wenige Punkte bleiben von Frame zu Frame im Bild",
    "too short": "zu kurz",
    "turns where it stands": "dreht sich auf der Stelle",
    "unknown blend {}: over, multiply, add or screen":
        "unbekannte Mischung {}: over, multiply, add oder screen",
    "v grows downwards": "v wächst nach unten",
    "v grows upwards": "v wächst nach oben",
    "you have a {} preset '{}' already; choose another name":
        "Sie haben schon eine Vorgabe ({}) namens „{}“; wählen Sie einen anderen Namen",
    "you have no {} preset '{}'{}": "Sie haben keine Vorgabe ({}) namens „{}“{}",
    "zooms, {} to {} mm": "zoomt, {} bis {} mm",
    "{count} frames": "{count} Frames",
    "{count} of your tracks are in the session, not in the clip":
        "{count} Ihrer Spuren sind in der Sitzung, nicht im Clip",
    "{count} of {all}": "{count} von {all}",
    "{count} tracks": "{count} Spuren",
    "{markers} markers, frames {first} to {last}": "{markers} Marker, Frames {first} bis {last}",
    "{name}: not there": "{name}: nicht da",
    "{preset} is applied": "{preset} ist angewandt",
    "{preset}, adjusted since: apply again": "{preset}, seitdem verändert: neu anwenden",
    "{preset}, edited by hand": "{preset}, von Hand geändert",
    "{process} is at work on it": "{process} arbeitet daran",
    "{rate} frames/s": "{rate} Frames/s",
    "{time} left": "noch {time}",
    "{} gaps marked": "{} Lücken markiert",
    "{} GB": "{} GB",
    "{} and loses fine detail; distort_cg keeps it":
        "{} und verliert feine Einzelheiten; distort_cg behält sie",
    "{} cannot be set to {}: the plate may not come out as it was filmed":
        "{} kann nicht auf {} gesetzt werden: die Aufnahme kommt vielleicht nicht so heraus, wie sie "
        "gefilmt wurde",
    "{} changed tracks kept": "{} geänderte Spuren gesichert",
    "{} changes how the plate looks; what is saved as EXR is the plate's own light":
        "{} ändert das Aussehen der Aufnahme; was als EXR gespeichert wird, ist ihr eigenes Licht",
    "{} has a frame offset of {}; set it to 0 in Footage Settings":
        "{} hat einen Frame-Versatz von {}; setzen Sie ihn in den Aufnahmeeinstellungen auf 0",
    "{} has keys that are not Tracked Shot's; parent it to an empty first":
        "{} hat Keys, die nicht von Tracked Shot sind; hängen Sie sie zuerst an ein Empty",
    "{} has lost Blender's own solve; take its session in again":
        "{} hat Blenders eigene Lösung nicht mehr; übernehmen Sie die Sitzung noch einmal",
    "{} has no perspective": "{} hat keine Perspektive",
    "{} has no solved camera": "{} hat keine gelöste Kamera",
    "{} has no solved camera yet; track and solve it first":
        "{} hat noch keine gelöste Kamera; erst verfolgen und lösen",
    "{} has {} cameras; {} was taken": "{} hat {} Kameras; {} wurde genommen",
    "{} has {} frames of {}": "{} hat {} Frames von {}",
    "{} is at work on this clip's session": "{} arbeitet an der Sitzung dieses Clips",
    "{} is built in; add one of your own first": "{} ist mitgeliefert; fügen Sie zuerst eine eigene hinzu",
    "{} is deleted from disk. This cannot be undone.":
        "{} wird von der Platte gelöscht. Das kann nicht rückgängig gemacht werden.",
    "{} is {} and is scaled to the render's {}: its pixels are not those of the footage":
        "{} ist {} und wird auf das Rendern von {} skaliert: seine Pixel sind nicht die der Aufnahme",
    "{} is {} now; the composite needs {}": "{} ist jetzt {}; der Composite braucht {}",
    "{} mm, as given": "{} mm, wie vorgegeben",
    "{} mm, not told": "{} mm, nicht erkennbar",
    "{} movie clips and none of them active": "{} Filmclips und keiner davon aktiv",
    "{} objects hide the CG": "{} Objekte verdecken die CG",
    "{} of {} cannot be read; the other {} are used":
        "{} von {} können nicht gelesen werden; die übrigen {} werden benutzt",
    "{} of {} stages would run": "{} von {} Stufen würden laufen",
    "{} on the cg": "{} auf der CG",
    "{} points are too many for an empty each; take the mesh":
        "{} Punkte sind zu viele für je ein Empty; nehmen Sie das Mesh",
    "{} says so already": "{} sagt das schon",
    "{} since they were taken in: keep yours or take the session's":
        "{}, seit sie übernommen wurden: behalten Sie Ihre oder nehmen Sie die der Sitzung",
    "{} things to know; see the Clip panel": "{} Hinweise; siehe Bereich Clip",
    "{} to {}": "{} bis {}",
    "{} tracks added to {}": "{} Spuren zu {} hinzugefügt",
    "{} tracks of the session {} are in the clip": "{} Spuren der Sitzung {} sind im Clip",
    "{} tracks would be left; a camera takes {}": "Es blieben {} Spuren; eine Kamera braucht {}",
    "{} tracks written: {}": "{} Spuren geschrieben: {}",
    "{} was deleted by hand and stays away; {}": "{} wurde von Hand gelöscht und bleibt weg; {}",
    "{} was replaced by hand by {}, which is kept; {}":
        "{} wurde von Hand durch {} ersetzt, was behalten wird; {}",
    "{}, which the camera hangs on, has keys and cannot be moved":
        "{}, woran die Kamera hängt, hat Keys und kann nicht bewegt werden",
    "{}: Blender cannot read or write it": "{}: Blender kann das nicht lesen oder schreiben",
    "{}: Blender finds no picture in it": "{}: Blender findet kein Bild darin",
    "{}: CG over Plate": "{}: CG über Aufnahme",
    "{}: a camera's file ends in {}{}": "{}: eine Kameradatei endet auf {}{}",
    "{}: a folder; give a movie or the first file of an image sequence":
        "{}: ein Ordner; geben Sie einen Film oder die erste Datei einer Bildsequenz an",
    "{}: a movie of {} pixels cannot be written; make an image sequence":
        "{}: ein Film von {} Pixeln kann nicht geschrieben werden; erstellen Sie eine Bildsequenz",
    "{}: a process is at work on it; cancel that first":
        "{}: ein Prozess arbeitet daran; brechen Sie ihn zuerst ab",
    "{}: cannot be deleted: {}": "{}: kann nicht gelöscht werden: {}",
    "{}: cannot be made: {}": "{}: kann nicht angelegt werden: {}",
    "{}: cannot be opened: {}": "{}: kann nicht geöffnet werden: {}",
    "{}: cannot be read": "{}: kann nicht gelesen werden",
    "{}: cannot be renamed: {}": "{}: kann nicht umbenannt werden: {}",
    "{}: cannot be written": "{}: kann nicht geschrieben werden",
    "{}: cannot be written: {}": "{}: kann nicht geschrieben werden: {}",
    "{}: made a holdout by hand and kept; {}": "{}: von Hand zum Verdecker gemacht, so behalten; {}",
    "{}: the mask cannot be written: {}": "{}: die Maske kann nicht geschrieben werden: {}",
    "{}: the mask is not there; put it beside the session or the footage, or say where it is now with --mask":
        "{}: die Maske ist nicht da; legen Sie sie neben die Sitzung oder die Aufnahme, oder sagen Sie mit"
        " --mask, wo sie jetzt ist",
    "{}: this session has no mask": "{}: diese Sitzung hat keine Maske",
    "{}: empty files at {}; copy or render them again":
        "{}: leere Dateien bei {}; kopieren oder rendern Sie sie neu",
    "{}: every other line shows another moment (interlaced); where that is plain, one field is "
    "tracked; better deinterlace the clip first":
        "{}: jede zweite Zeile zeigt einen anderen Moment (Halbbilder); wo das klar ist, wird ein "
        "Halbbild verfolgt; besser wandeln Sie den Clip zuerst in Vollbilder",
    "{}: has no solve yet: resume it first": "{}: hat noch keine Lösung: setzen Sie sie zuerst fort",
    "{}: is a folder, not a file to save": "{}: ist ein Ordner, keine Datei zum Speichern",
    "{}: is an undistort map; bending the CG needs the distort map":
        "{}: ist eine Undistort-Map; zum Biegen der CG ist die Distort-Map nötig",
    "{}: is not tracked to its end yet": "{}: ist noch nicht zu Ende verfolgt",
    "{}: is there already and was not built by Tracked Shot; name it with 'into' to build into "
    "it, or save elsewhere with --blend":
        "{}: ist schon da und wurde nicht von Tracked Shot gebaut; nennen Sie es mit 'into', um "
        "hineinzubauen, oder speichern Sie anderswo mit --blend",
    "{}: no folder for the session can be written; choose one with --session-dir":
        "{}: kein Ordner für die Sitzung kann beschrieben werden; wählen Sie einen mit --session-dir",
    "{}: no frame of this movie can be read": "{}: kein Frame dieses Films kann gelesen werden",
    "{}: no movie can be written there": "{}: dort kann kein Film geschrieben werden",
    "{}: no picture of this sequence is there": "{}: kein Bild dieser Sequenz ist da",
    "{}: no such file": "{}: keine solche Datei",
    "{}: no such file or folder": "{}: keine solche Datei, kein solcher Ordner",
    "{}: no such folder": "{}: kein solcher Ordner",
    "{}: no such session": "{}: keine solche Sitzung",
    "{}: not a Tracked Shot session": "{}: keine Sitzung von Tracked Shot",
    "{}: not a movie that can be read": "{}: kein Film, der gelesen werden kann",
    "{}: not a picture that can be read": "{}: kein Bild, das gelesen werden kann",
    "{}: not a picture that can be read ({})": "{}: kein Bild, das gelesen werden kann ({})",
    "{}: not the mask that this session began with": "{}: nicht die Maske, mit der diese Sitzung begann",
    "{}: not this session's footage ({} differ)":
        "{}: nicht die Aufnahme dieser Sitzung ({} unterscheiden sich)",
    "{}: nothing has been tracked in this session yet": "{}: in dieser Sitzung wurde noch nichts verfolgt",
    "{}: process {} on {} is at work on it": "{}: Prozess {} auf {} arbeitet daran",
    "{}: the clip's file is not there; Find Footage says where it is now":
        "{}: die Datei des Clips ist nicht da; „Aufnahme suchen“ sagt, wo sie jetzt ist",
    "{}: the copy cannot be read back; is the disk full?":
        "{}: die Kopie kann nicht wieder gelesen werden; ist die Platte voll?",
    "{}: the copy does not read back as the clip; is the disk full?":
        "{}: die Kopie liest sich nicht wie der Clip; ist die Platte voll?",
    "{}: the copy would replace the clip itself": "{}: die Kopie würde den Clip selbst ersetzen",
    "{}: the file asks to be shown turned by {} degrees, which Blender 4.2 and 4.3 do not do; "
    "make an upright, evenly timed copy":
        "{}: die Datei will um {} Grad gedreht gezeigt werden, was Blender 4.2 und 4.3 nicht tun; "
        "erstellen Sie eine aufrechte, gleichmäßig getaktete Kopie",
    "{}: the file is empty": "{}: die Datei ist leer",
    "{}: the file times its frames unevenly ({} to {} ms apart), so Blender shows other frames "
    "than are in it; make an evenly timed copy":
        "{}: die Datei taktet ihre Frames ungleichmäßig ({} bis {} ms auseinander), sodass Blender "
        "andere Frames zeigt, als darin sind; erstellen Sie eine gleichmäßig getaktete Kopie",
    "{}: the movie was not written": "{}: der Film wurde nicht geschrieben",
    "{}: the movie was not written: {}": "{}: der Film wurde nicht geschrieben: {}",
    "{}: the picture could not be encoded": "{}: das Bild konnte nicht kodiert werden",
    "{}: the session is damaged: it does not say what it was doing; {}":
        "{}: die Sitzung ist beschädigt: sie sagt nicht, was sie tat; {}",
    "{}: the session is damaged: {}; {}": "{}: die Sitzung ist beschädigt: {}; {}",
    "{}: there is a session of this name already": "{}: es gibt schon eine Sitzung dieses Namens",
    "{}: there is no camera in it": "{}: keine Kamera darin",
    "{}: there is no file number {}": "{}: es gibt keine Datei Nummer {}",
    "{}: there is something in it already; choose a new folder":
        "{}: es ist schon etwas darin; wählen Sie einen neuen Ordner",
    "{}: this folder cannot be written to": "{}: in diesen Ordner kann nicht geschrieben werden",
    "{}: this session's footage ({}) is not in this folder":
        "{}: die Aufnahme dieser Sitzung ({}) ist nicht in diesem Ordner",
    "{}: was built {}; save elsewhere with --blend, or delete it":
        "{}: wurde {} gebaut; speichern Sie anderswo mit --blend, oder löschen Sie es",
    "{}: written by a newer Tracked Shot (format {}, this one reads {})":
        "{}: von einem neueren Tracked Shot geschrieben (Format {}, dieses liest {})",
    "{}: {} (was {})": "{}: {} (war {})",
    "{}: {} by hand and kept; {}": "{}: {} von Hand, so behalten; {}",
    "{}: {} changed by hand and kept; {}": "{}: {} von Hand geändert und behalten; {}",
    "{}: {} frames a second is no usual rate; check what it was filmed at":
        "{}: {} Frames je Sekunde ist keine übliche Rate; prüfen Sie, womit gefilmt wurde",
    "{}: {} free, the copy may need {}; choose another disk":
        "{}: {} frei, die Kopie braucht vielleicht {}; wählen Sie eine andere Platte",
    "{}: {} needs two maps, which it makes from the clip's lens":
        "{}: {} braucht zwei Maps, die es aus der Linse des Clips macht",
    "{}: {} of {}-{} missing: {}; put them back or choose a frame range without them":
        "{}: {} von {}-{} fehlen: {}; legen Sie sie zurück oder wählen Sie einen Bereich ohne sie",
    "{}: {} pixels in a sequence of {}x{}": "{}: {} Pixel in einer Sequenz von {}x{}",
    "{}: {} pixels is very small, is there a larger original?":
        "{}: {} Pixel ist sehr klein, gibt es ein größeres Original?",
    "{}: {}, too short: it takes {} or more": "{}: {}, zu kurz: es braucht {} oder mehr",
    "{}x{} pixels in Blender, {}x{} when tracked ({})": "{}x{} Pixel in Blender, {}x{} beim Verfolgen ({})",
}
# fmt: on
